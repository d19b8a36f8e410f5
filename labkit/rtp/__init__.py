"""RTP in layers: packet, report, codec, tone, session (RFC 3550, RFC 3551, RFC 4733)."""
