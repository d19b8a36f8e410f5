"""The phone without a network."""
