"""The lab: up, call, capture, edit, reload, down."""
