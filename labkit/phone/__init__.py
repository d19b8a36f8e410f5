"""The agents' IP phones."""
