"""The provider, alone and with a phone."""
