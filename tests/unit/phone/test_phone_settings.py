"""What a phone is told: settings that fit, settings that do not, and what its command line makes of them."""

from __future__ import annotations

import pytest

from labkit.errors import LabError
from labkit.phone.program import arguments
from labkit.phone.settings import Account, Behaviour, read_address

WORDS = ["--user=1001", "--password=x", "--bind=127.0.0.71", "--registrar=127.0.0.60:15060", "--control=/tmp/x.sock"]


@pytest.mark.parametrize(
    ("text", "address"),
    [("10.10.0.10", ("10.10.0.10", 5060)), ("127.0.0.1:15060", ("127.0.0.1", 15060)), ("::1", ("::1", 5060))],
)
def test_addresses_are_read_with_and_without_port(text: str, address: tuple[str, int]) -> None:
    assert address == read_address(text)


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(LabError, match=r"10\.10\.0\.10:5060"):
        read_address("pbx:many")


def test_codecs_come_in_the_order_asked_for_and_events_only_for_rfc_4733() -> None:
    offered = Behaviour(codecs=("PCMU", "G722")).capabilities.formats
    assert ["PCMU", "G722", "telephone-event"] == [item.name for item in offered]
    assert ["PCMA", "PCMU"] == [item.name for item in Behaviour(dtmf="info").capabilities.formats]


def test_an_unknown_codec_is_named() -> None:
    with pytest.raises(LabError, match="opus"):
        _ = Behaviour(codecs=("opus",)).capabilities


def test_the_domain_is_the_registrar_unless_given() -> None:
    assert "10.10.0.10" == Account("1001", "x", "10.10.0.21", ("10.10.0.10", 5060)).host
    assert "pbx.example" == Account("1001", "x", "10.10.0.21", ("10.10.0.10", 5060), domain="pbx.example").host


def test_the_command_line_has_defaults_that_fit_the_lab() -> None:
    options = arguments(WORDS)
    assert ("udp", "auto", "") == (options.transport, options.answer, options.source)
    with pytest.raises(SystemExit):
        arguments(WORDS[1:])
