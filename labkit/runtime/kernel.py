"""The few Linux system calls that Python 3.11 has no name for: namespaces, mounts (unshare(2), setns(2), mount(2))."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

NEW_NAMESPACE = 0x00020000
NEW_USER = 0x10000000
NEW_PID = 0x20000000
NEW_NET = 0x40000000

MS_RDONLY = 0x1
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces of these kinds for new ones (unshare(2)); OSError says why not."""
    _check(_libc.unshare(flags), "unshare")


def enter_network(path: str | Path) -> None:
    """Move this thread into the network namespace behind a path (setns(2))."""
    fd = os.open(path, os.O_RDONLY)
    try:
        _check(_libc.setns(fd, NEW_NET), f"setns {path}")
    finally:
        os.close(fd)


def mount(source: str | Path, target: str | Path, kind: str = "", flags: int = 0) -> None:
    """Mount (mount(2)); OSError names the target."""
    result = _libc.mount(str(source).encode(), str(target).encode(), kind.encode(), ctypes.c_ulong(flags), None)
    _check(result, f"mount {target}")


def become_root_of_new_namespaces() -> None:
    """New user, mount, network and pid namespaces in which the caller's user is root; children are in the pid one."""
    user, group = os.getuid(), os.getgid()
    unshare(NEW_USER | NEW_NAMESPACE | NEW_NET | NEW_PID)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


def probe() -> None:
    """Try what a lab needs in a process of its own, which leaves nothing; OSError says why it cannot be."""
    become_root_of_new_namespaces()
    if os.fork() == 0:
        mount("proc", "/proc", "proc")
        return
    raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))


if __name__ == "__main__":
    probe()
