"""What stands in the way of namespaces is said with what to do."""

from pathlib import Path

import pytest

from labkit.runtime.obstacles import explain


@pytest.mark.parametrize(
    ("path", "text", "advice"),
    [
        ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict"),
        ("proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        ("proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces"),
        ("proc/self/status", "Name:\tx\nSeccomp:\t2\n", "--security-opt seccomp=unconfined"),
    ],
)
def test_each_obstacle_has_its_advice(tmp_path: Path, path: str, text: str, advice: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    said = explain("unshare: Operation not permitted", tmp_path)
    assert advice in said
    assert "Docker" in said


def test_an_unknown_obstacle_is_given_in_its_own_words(tmp_path: Path) -> None:
    assert "mount /proc: Invalid argument" in explain("mount /proc: Invalid argument", tmp_path)
