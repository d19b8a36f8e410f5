"""A private apt takes the host's settings and nothing else, and trusts no file that it did not check."""

from pathlib import Path

import pytest

from labkit.errors import RuntimeUnavailable
from labkit.runtime import apt
from labkit.runtime.apt import Package

PACKAGE = Package("http://m/p/tcpdump_4.99-2_amd64.deb", "tcpdump_1%3a4.99-2_amd64.deb", 5, "")
HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def host_says(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(apt, "_run", lambda *_: text)


def test_name_and_version_are_read_from_the_file_name() -> None:
    assert (PACKAGE.name, PACKAGE.version) == ("tcpdump", "1:4.99-2")


@pytest.mark.parametrize(("text", "whole"), [("hello", True), ("hellO", False), ("hell", False)])
def test_a_file_counts_only_when_its_hash_is_right(tmp_path: Path, text: str, whole: bool) -> None:
    package = Package("u", "a_1_all.deb", 5, HELLO)
    (tmp_path / "a_1_all.deb").write_text(text)
    assert package.is_whole(tmp_path) is whole


def test_acquire_settings_of_the_host_are_kept_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    host_says(monkeypatch, 'Acquire::http::Proxy "p";\nDPkg::Post-Invoke "x";\nAcquire::IndexTargets::deb "";\n')
    assert apt.host_settings() == ['Acquire::http::Proxy "p";']


def test_the_mirror_is_the_first_debian_one_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(apt.MIRROR_VARIABLE, raising=False)
    host_says(
        monkeypatch, "http://u/ubuntu noble main\nhttp://s/sec bookworm-security main\nhttp://m/d bookworm main\n"
    )
    assert apt.host_mirror() == "http://m/d"


def test_a_host_without_debian_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(apt.MIRROR_VARIABLE, raising=False)
    host_says(monkeypatch, "http://u/ubuntu noble main\n")
    with pytest.raises(RuntimeUnavailable, match=apt.MIRROR_VARIABLE):
        apt.host_mirror()


def test_a_host_without_apt_is_sent_to_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RuntimeUnavailable, match=r"apt-config is not on this host.*Docker"):
        apt.host_settings()


def test_a_mirror_that_does_not_answer_is_a_clear_error(tmp_path: Path) -> None:
    private = apt.PrivateApt(tmp_path, "forky", "http://127.0.0.1:9/debian")
    with pytest.raises(RuntimeUnavailable, match=r"apt could not update Debian forky.*\n.*LABKIT_DEBIAN_MIRROR"):
        private.update()
