"""What a file looks like that is not a capture: the difference between a wrong path and a broken file."""

from __future__ import annotations

_CAPTURE = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a")
_KNOWN = (
    (b"snoop\0\0\0", "a snoop capture; convert it: editcap -F pcapng IN OUT"),
    (b"\x58\x43\x50\x00", "a Network Instruments capture; convert it: editcap -F pcapng IN OUT"),
    (b"GMBU", "a Microsoft Network Monitor capture; convert it: editcap -F pcapng IN OUT"),
    (b"RTSS", "a Network Monitor 1 capture; convert it: editcap -F pcapng IN OUT"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"\xfd7zXZ", "xz-compressed data; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data; unpack it first"),
    (b"BZh", "bzip2-compressed data; unpack it first"),
    (b"\x7fELF", "a program"),
    (b"RIFF", "a RIFF file such as WAV"),
    (b"\0\0\0\0", "zeros, perhaps a file whose writing was cut off"),
)


def looks_like(head: bytes) -> str:
    """What a file is, judged by its first bytes; "a capture" if they may be the beginning of one."""
    if not head:
        return "empty"
    if any(head.startswith(magic[: len(head)]) for magic in _CAPTURE):
        return "a capture"
    for magic, name in _KNOWN:
        if head.startswith(magic):
            return name
    text = head.decode("latin-1")
    if all(byte in b"\t\n\r\x1b" or 32 <= byte < 127 or byte >= 0xC2 for byte in head):
        return f"text beginning with {text.splitlines()[0][:40]!r}"
    return f"unknown data beginning with {head[:8].hex(' ')}"
