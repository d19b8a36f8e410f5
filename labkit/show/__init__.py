"""Pictures of a trace, each with a text form."""
