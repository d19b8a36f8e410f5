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


def test_any_final_answer_to_options_is_told_and_silence_and_other_methods_are_not() -> None:
    rows = [
        ("OPTIONS", "203.0.113.10", 405, "Method Not Allowed"),
        ("OPTIONS", "203.0.113.11", None, None),
        ("INVITE", "203.0.113.12", 200, "OK"),
    ]
    table = pd.DataFrame(rows, columns=["method", "dst", "final_code", "final_reason"])
    assert answers(table) == {"203.0.113.10": "405 Method Not Allowed"}
    assert answers(table[1:]) == {}
