"""CI accepts no skipped test; a developer's machine does."""

from __future__ import annotations

import pytest

SKIPPING = """
    import pytest

    @pytest.mark.skip(reason="no Chromium here")
    def test_marked(): pass

    def test_called(): pytest.skip("no Chromium here")

    @pytest.mark.xfail(strict=True)
    def test_expected_to_fail(): assert False
"""


@pytest.fixture(autouse=True)
def plugin(pytester: pytest.Pytester) -> None:
    """Run what a test writes as the project's own tests run."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makeconftest('pytest_plugins = ["tests.plugins.nothing_skipped"]')


def test_ci_fails_what_was_skipped(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile(SKIPPING)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1, errors=1, xfailed=1)
    result.stdout.fnmatch_lines(["*skipped, which CI does not allow*no Chromium here*"])


def test_ci_fails_a_module_that_skips_itself(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.makepyfile('import pytest\npytest.skip("no Chromium here", allow_module_level=True)')
    pytester.runpytest_inprocess().assert_outcomes(errors=1)


def test_elsewhere_a_skip_stays_a_skip(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    pytester.makepyfile(SKIPPING)
    pytester.runpytest_inprocess().assert_outcomes(skipped=2, xfailed=1)
