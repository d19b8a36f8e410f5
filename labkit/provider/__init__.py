"""The mock SIP provider."""
