"""A SIP user agent in layers: message, transport, transaction, dialog, agent (RFC 3261)."""
