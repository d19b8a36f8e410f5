"""A run whose labs do not keep to themselves fails, though each of its tests passes."""

from __future__ import annotations

import pytest

from tests.plugins.apart import NOT_APART
from tests.plugins.test_watch import LISTEN

TEST = """
import subprocess, sys, time

def test_nothing():
    command = [sys.executable, "-c", {listen!r}]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(0.5)
    process.kill()
    process.communicate()
"""


@pytest.mark.parametrize("workers", [[], ["--numprocesses=2"]], ids=["alone", "workers"])
@pytest.mark.parametrize(("address", "code"), [("0.0.0.0", NOT_APART), ("127.0.0.1", 0)])
def test_a_listener_beyond_loopback_fails_the_run(
    pytester: pytest.Pytester, pytestconfig: pytest.Config, address: str, code: int, workers: list[str]
) -> None:
    pytester.makeini(f"[pytest]\npythonpath = {pytestconfig.rootpath}\nasyncio_default_fixture_loop_scope = function")
    pytester.makeconftest('pytest_plugins = ["tests.plugins.apart", "tests.plugins.workers"]')
    pytester.makepyfile(TEST.format(listen=LISTEN.format(kind="SOCK_STREAM", address=address)))
    result = pytester.runpytest_subprocess(*workers)
    result.assert_outcomes(passed=1)
    assert result.ret == code
    assert ("FAILED the labs keep to themselves" in str(result.stdout)) == bool(code)
    assert ("listens on 0.0.0.0:" in str(result.stdout)) == bool(code)
