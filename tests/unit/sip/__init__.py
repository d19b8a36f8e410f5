"""The SIP layers without a network."""
