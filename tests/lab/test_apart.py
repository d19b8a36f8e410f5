"""Judged last: over the whole run, the labs kept to themselves.

Run alone these tests have only their own call to judge, so they place one.
"""

from __future__ import annotations

import pytest

from tests.plugins.apart import WATCH, labkit
from tests.plugins.watch import Watch


@pytest.fixture(scope="module")
def watch(pytestconfig: pytest.Config) -> Watch:
    """The watch of this test run, which saw at least one call through the trunk."""
    labkit("up")
    labkit("call", "phone-1001", "+15550100", "--hold-s=0.5")
    return pytestconfig.stash[WATCH]


def test_no_packet_of_the_lab_was_seen_on_a_real_interface(watch: Watch) -> None:
    if watch.blind:
        pytest.skip(watch.blind)
    assert [] == watch.seen_packets


def test_no_socket_listened_beyond_loopback(watch: Watch) -> None:
    assert watch.samples > 0
    assert {} == watch.seen_listeners
