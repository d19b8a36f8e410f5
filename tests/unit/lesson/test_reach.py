"""Contacts and their answers, from what AMI lists and what a capture holds."""

from __future__ import annotations

import pandas as pd

from labkit.lesson.reach import Contact, answers, found

EVENTS = [
    {"Event": "EndpointDetail", "ObjectName": "provider"},
    {"Event": "AorDetail", "ObjectName": "provider", "QualifyFrequency": "25", "QualifyTimeout": "0.500000"},
    {"Event": "ContactStatusDetail", "AOR": "provider", "URI": "sip:203.0.113.10:5060", "Status": "Unreachable"},
    {"Event": "ContactStatusDetail", "AOR": "provider", "URI": "sip:203.0.113.11:5060", "Status": "Reachable"},
]


def test_each_contact_of_an_aor_is_listed_with_what_the_aor_wants() -> None:
    assert list(found(EVENTS)) == [
        Contact("provider", "sip:203.0.113.10:5060", 25, 0.5, "Unreachable"),
        Contact("provider", "sip:203.0.113.11:5060", 25, 0.5, "Reachable"),
    ]


def test_an_endpoint_without_contacts_has_none() -> None:
    assert list(found(EVENTS[:2])) == []


def asked(*rows: tuple[str, str, str, int | None, str | None]) -> dict[str, tuple[str, str]]:
    messages = [(at, method, uri) for at, (method, uri, *_) in enumerate(rows)]
    done = [(at, dst, code, reason, None if code is None else 0.1) for at, (_, _, dst, code, reason) in enumerate(rows)]
    return answers(
        pd.DataFrame(messages, columns=["transaction", "method", "uri"]),
        pd.DataFrame(done, columns=["transaction", "dst", "final_code", "final_reason", "final_s"]),
    )


def test_any_final_answer_to_options_counts_and_silence_is_told_as_such() -> None:
    heard = asked(
        ("OPTIONS", "sip:203.0.113.10:5060", "203.0.113.10", 405, "Method Not Allowed"),
        ("OPTIONS", "sip:203.0.113.11:5060", "203.0.113.11", None, None),
        ("INVITE", "sip:1@203.0.113.12", "203.0.113.12", 200, "OK"),
    )
    assert heard == {
        "203.0.113.10": ("203.0.113.10", "405 Method Not Allowed"),
        "203.0.113.11": ("203.0.113.11", "no answer"),
    }


def test_one_answer_outweighs_a_request_that_is_still_open() -> None:
    still_open = ("OPTIONS", "sip:203.0.113.10", "203.0.113.10", None, None)
    assert asked(still_open, ("OPTIONS", "sip:203.0.113.10", "203.0.113.10", 200, "OK")) == {
        "203.0.113.10": ("203.0.113.10", "200 OK")
    }


def test_behind_an_outbound_proxy_contact_and_destination_differ() -> None:
    heard = asked(("OPTIONS", "sip:203.0.113.12:5060", "203.0.113.10", 200, "OK"))
    assert heard == {"203.0.113.12": ("203.0.113.10", "200 OK")}
