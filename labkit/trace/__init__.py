"""A capture as tables: messages, transactions, calls, offers, streams."""
