"""The packets of a capture file as columns: pcap and pcapng, either byte order, micro- or nanoseconds, also gzipped.

Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. A file is read in chunks of 16 MiB, so memory does not
grow with its size, and a file that is still being written can be read on from where the last call stopped.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from mmap import MAP_ANONYMOUS, MAP_PRIVATE
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from labkit.errors import CaptureError
from labkit.trace.fileforms import looks_like
from labkit.trace.pcap import Pcap
from labkit.trace.pcapng import Sections
from labkit.trace.walk import Chain, Columns, Offsets, Raw

CHUNK = 16 << 20
PAD = 256
"""Zero bytes behind the data of a block, so that headers may be read beyond its last packet."""

_PCAP_HEADER_BYTES = 24
"""So long is a capture of libpcap without any packet."""


class Form(Protocol):
    """One form of capture file."""

    @property
    def begins(self) -> int:
        """Offset in the file of the first record."""

    @property
    def chain(self) -> Chain:
        """How its records follow each other."""

    @property
    def secrets(self) -> list[bytes]:
        """Blocks with keys of TLS connections, as they stand in the file."""

    def turns(self, raw: Raw, at: int) -> bool:
        """Whether the byte order changes at an offset."""

    def columns(self, raw: Raw, starts: Offsets) -> Columns:
        """Packets among the records that begin at some offsets."""


@dataclass(frozen=True, slots=True)
class Block:
    """A run of packets of one file; all arrays but `data` have one element per packet."""

    data: npt.NDArray[np.uint8]
    """Bytes of the file, and `PAD` zero bytes or more; the next block but one overwrites them."""
    base: int
    """Offset in the file of the first byte of `data`."""
    frame: npt.NDArray[np.uint32]
    """Number of the packet in the file, from 1."""
    time_ns: npt.NDArray[np.int64]
    """Time of capture since 1970."""
    start: Offsets
    """Where in `data` the packet begins."""
    size: npt.NDArray[np.int64]
    """Bytes of the packet that were captured."""
    link: npt.NDArray[np.uint16]
    """LINKTYPE_ number of the interface it came from."""

    def take(self, rows: npt.NDArray[np.intp]) -> Block:
        """Some of the packets, in the order given."""
        columns = ("frame", "time_ns", "start", "size", "link")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})


class Reader:
    """Reads one file from front to back; `blocks` may be called again when the file has grown."""

    def __init__(self, path: Path, file: io.BufferedIOBase) -> None:
        """Read from an open file, which messages call `path`."""
        self.path = path
        self.damage: str | None = None
        """What stopped the reading before the end of the file, if anything did."""
        self.unread_bytes = 0
        """Bytes at the end that are not a whole record: the file was cut off, or is being written."""
        self.form: Form | None = None
        self._file = file
        self._raw, self._spare = (Raw(-1, CHUNK + PAD, MAP_PRIVATE | MAP_ANONYMOUS) for _ in range(2))
        self._offset = 0
        self._frames = 0

    def blocks(self) -> Iterator[Block]:
        """Give all whole packets that are there now, in order; CaptureError if this is no capture file."""
        form = self._form()
        going = form is not None
        while form is not None and going and self.damage is None:
            filled = self._fill()
            starts, stop = form.chain.walk(self._raw, filled)
            yield self._block(form.columns(self._raw, starts))
            self._offset += stop
            self.unread_bytes = filled - stop
            going = bool(len(starts)) or self._turns(form, filled, stop)

    @contextmanager
    def _located(self) -> Iterator[None]:
        """Name file and offset in what the operating system or zlib complains about."""
        try:
            yield
        except (OSError, EOFError) as why:
            self.damage = f"{self.path}: {why} at byte {self._offset}; what follows was not read"

    def _form(self) -> Form | None:
        """The form of the file; None while too little of it is there."""
        if self.form is None:
            self._file.seek(0)
            with self._located():
                self.form = self._recognise(self._file.read(64))
                self._offset = self.form.begins if self.form else 0
        return self.form

    def _recognise(self, head: bytes) -> Form | None:
        likeness = looks_like(head)
        form: Form | None = Pcap.of(head) if len(head) >= _PCAP_HEADER_BYTES else None
        if form is None and len(head) < 28 and likeness == "a capture":
            return None
        form = form or Sections.of(head)
        if form is None:
            raise CaptureError(f"{self.path} is not a capture file: it is {likeness}", path=self.path)
        return form

    def _fill(self) -> int:
        """Read on from the first byte that is not read yet; how many bytes came."""
        self._raw, self._spare = self._spare, self._raw
        filled = 0
        with self._located():
            self._file.seek(self._offset)
            while filled < CHUNK and (more := self._file.readinto(memoryview(self._raw)[filled:CHUNK])):
                filled += more
        self._raw[filled : filled + PAD] = bytes(PAD)
        return filled

    def _turns(self, form: Form, filled: int, at: int) -> bool:
        """Whether reading goes on in the other byte order; what else stops it is noted as damage."""
        fault = form.chain.fault(self._raw, filled, at)
        if fault is None or form.turns(self._raw, at):
            return fault is not None
        self.damage = f"{self.path}: {fault} at byte {self._offset}; what follows was not read"
        return False

    def _block(self, columns: Columns) -> Block:
        time_ns, start, size, link = columns
        frame = np.arange(self._frames + 1, self._frames + 1 + len(start), dtype=np.uint32)
        self._frames += len(start)
        return Block(np.frombuffer(self._raw, np.uint8), self._offset, frame, time_ns, start, size, link)


def ahead(blocks: Iterator[Block]) -> Iterator[Block]:
    """The same blocks; each is read by a second thread while the one before it is looked at."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """A reader of a capture file; CaptureError if it cannot be opened."""
    with source(path) as file:
        yield Reader(path, file)


@contextmanager
def source(path: Path) -> Iterator[io.BufferedIOBase]:
    """The bytes of a file, unpacked if it is gzipped; CaptureError if it cannot be opened."""
    try:
        file = path.open("rb")
    except OSError as why:
        raise CaptureError(f"{path} cannot be opened: {why.strerror}", path=path) from why
    with file:
        if file.read(2) == b"\x1f\x8b":
            file.seek(0)
            with gzip.open(file) as unpacked:
                yield unpacked
        else:
            file.seek(0)
            yield file
