"""What a machine has once is used by one worker."""

from __future__ import annotations

import pytest

from tests.plugins.workers import scope


@pytest.mark.parametrize(
    ("nodeid", "belongs_to"),
    [
        ("tests/lab/test_lab.py::test_a_call[compose]", "compose"),
        ("tests/lab/test_scenarios.py::test_it[compose-inbound-401]", "compose"),
        ("tests/lab/test_containers.py::test_by_hand", "compose"),
        ("tests/lab/test_lab.py::test_a_call[loopback-1002]", "loopback"),
        ("tests/lab/test_lab.py::test_a_call[namespaces-1002]", "tests/lab/test_lab.py"),
        ("tests/unit/sip/test_parser.py::test_headers[a::b]", "tests/unit/sip/test_parser.py"),
        ("tests/browser/test_lessons.py::test_it[05.ipynb]", "browser"),
        ("tests/unit/provider/test_provider_calls.py::test_it", "provider"),
        ("tests/lab/test_sipp.py::test_it[uac]", "provider"),
        ("notebooks/05-who-are-you.ipynb::Cell 3", "notebooks/05-who-are-you.ipynb"),
    ],
)
def test_a_test_is_in_the_scope_of_what_it_uses(nodeid: str, belongs_to: str) -> None:
    assert scope(nodeid) == belongs_to
