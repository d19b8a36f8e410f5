"""A broken trunk as data, and its judgement."""
