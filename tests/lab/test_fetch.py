"""Fetching survives a network that breaks: what was fetched is kept, and nothing broken is ever used."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from labkit.errors import RuntimeUnavailable
from labkit.progress import Step
from labkit.runtime import apt
from labkit.runtime.apt import PrivateApt

WANTED = ("libpcap0.8t64", "libgsm1", "tcpdump")
BYTES_BEFORE_THE_CUT = 100_000


class CuttingProxy:
    """An HTTP proxy on loopback that can break off downloads of packages after some bytes."""

    def __init__(self, upstream: tuple[str, int] | None) -> None:
        """Listen; requests go on to the proxy that the host uses, or to the host that they name."""
        self.cutting = False
        self.packages_sent = 0
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(near,), daemon=True).start()

    def _talk(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                request += near.recv(65536)
            target = request.split(b" ", 2)[1].decode()
            host, port, path = re.fullmatch(r"http://([^/:]+):?(\d*)(/.*)", target).groups()  # type: ignore[union-attr]
            with socket.create_connection(self._upstream or (host, int(port or 80)), timeout=20) as far:
                line = target if self._upstream else path
                headers = request.split(b"\r\n", 1)[1].replace(b"keep-alive", b"close")
                far.sendall(f"GET {line} HTTP/1.1\r\nConnection: close\r\n".encode() + headers)
                self._answer(near, far, path.endswith(".deb"))

    def _answer(self, near: socket.socket, far: socket.socket, package: bool) -> None:
        left = BYTES_BEFORE_THE_CUT if package and self.cutting else 1 << 40
        self.packages_sent += package
        while left > 0 and (data := far.recv(min(65536, left))):
            near.sendall(data)
            left -= len(data)

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[CuttingProxy]:
    settings = apt.host_settings()
    named = [match for line in settings if (match := re.match(r'Acquire::http::Proxy "http://([^:/]+):(\d+)', line))]
    made = CuttingProxy((named[0][1], int(named[0][2])) if named else None)
    own = [line for line in settings if "::Proxy" not in line]
    monkeypatch.setattr(
        apt,
        "host_settings",
        lambda: [*own, f'Acquire::http::Proxy "{made.url}";', 'Acquire::http::Pipeline-Depth "0";'],
    )
    yield made
    made.close()


def test_a_broken_download_is_an_error_and_the_next_run_goes_on(tmp_path: Path, proxy: CuttingProxy) -> None:
    private = PrivateApt(tmp_path, "forky")
    private.update()
    packages = [package for package in private.resolve(["tcpdump", "libgsm1"]) if package.name in WANTED]
    assert sorted(package.name for package in packages) == sorted(WANTED)
    proxy.cutting = True
    with pytest.raises(RuntimeUnavailable, match=r"apt could not download packages|is broken"):
        private.download(packages, Step("test"))
    whole = [package.name for package in packages if package.is_whole(private.archives)]
    assert "tcpdump" not in whole
    proxy.cutting = False
    proxy.packages_sent = 0
    private.download(packages, Step("test"))
    assert all(package.is_whole(private.archives) for package in packages)
    assert proxy.packages_sent == len(packages) - len(whole)


def test_a_file_that_was_damaged_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    private = PrivateApt(tmp_path, "forky")
    private.update()
    package = next(package for package in private.resolve(["libgsm1"]) if package.name == "libgsm1")
    damaged = private.archives / package.file_name
    damaged.write_bytes(b"\0" * package.size_bytes)
    private.download([package], Step("test"))
    assert package.is_whole(private.archives)
