"""Why this machine lets nobody make namespaces, found out by looking, and what to do about it."""

from __future__ import annotations

from pathlib import Path

_DOCKER = "Or use Docker: labkit up --runtime compose."

_SETTINGS = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor here denies namespaces to ordinary users (kernel.apparmor_restrict_unprivileged_userns=1).\n"
        "Ask an administrator for: sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "This kernel denies namespaces to ordinary users (kernel.unprivileged_userns_clone=0).\n"
        "Ask an administrator for: sysctl kernel.unprivileged_userns_clone=1",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "This machine allows no user namespaces (user.max_user_namespaces=0).\n"
        "Ask an administrator for: sysctl user.max_user_namespaces=10000",
    ),
)
_SECCOMP = (
    "This process may not make namespaces; a seccomp filter denies it, as in a container with default options.\n"
    "Start the container with: --security-opt seccomp=unconfined --security-opt systempaths=unconfined"
)


def explain(said: str, root: Path = Path("/")) -> str:
    """What stands in the way of namespaces on this machine and what to do, given what the attempt said.

    `root` is where /proc and the like are looked for.
    """
    for path, denying, advice in _SETTINGS:
        if _read(root / path.lstrip("/")) == denying:
            return f"{advice} {_DOCKER}"
    if "Seccomp:\t2" in _read(root / "proc/self/status") and "permitted" in said:
        return f"{_SECCOMP} {_DOCKER}"
    return f"The namespaces of the lab could not be made: {said}\n{_DOCKER}"


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
