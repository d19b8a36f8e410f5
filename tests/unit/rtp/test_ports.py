"""Sockets for media, where files run out."""

import os
import resource
from collections.abc import Iterator

import pytest

from labkit.errors import HostError
from labkit.rtp.ports import allow_files, open_pair

ANY = range(1)


@pytest.fixture
def one_file_left() -> Iterator[None]:
    """A process that may open one file more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("one_file_left")
def test_where_files_run_out_the_message_is_about_files() -> None:
    with pytest.raises(HostError, match=r"Too many open files.*ulimit"):
        open_pair("127.0.0.1", ANY)


@pytest.mark.usefixtures("one_file_left")
def test_a_program_may_open_as_many_files_as_the_system_allows() -> None:
    allow_files()
    for sock in open_pair("127.0.0.1", ANY):
        sock.close()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard
