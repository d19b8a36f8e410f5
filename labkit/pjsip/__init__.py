"""Asterisk's configuration as objects."""
