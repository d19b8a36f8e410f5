"""Where things go on a ladder: columns, numbers, times, folds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labkit.show.layout import layout
from labkit.show.sheet import Kind, Sheet
from tests.unit.show import drawn


def names(sheet: Sheet) -> list[str]:
    """Columns from left to right."""
    return [column.name for column in layout(sheet).columns]


def test_messages_are_numbered_f1_f2_and_media_are_not() -> None:
    rows = layout(drawn.good_call()).rows
    assert [f"F{place}" for place in range(1, 22)] == [row.number for row in rows if row.arrow.kind is Kind.SIP]
    assert {""} == {row.number for row in rows if row.arrow.kind is Kind.RTP}


def test_a_b2bua_stands_between_its_legs_whatever_came_first() -> None:
    sheet = drawn.good_call()
    turned = replace(sheet, columns=tuple(reversed(sheet.columns)))
    assert [drawn.PHONE, drawn.PBX, drawn.PROVIDER] == names(sheet) == names(turned)


def test_a_nat_stands_between_inside_and_outside() -> None:
    assert [drawn.PBX, drawn.ROUTER, drawn.PROVIDER] == names(drawn.through_nat())


def test_the_caller_of_the_first_invite_stands_left() -> None:
    inbound = [drawn.message(0.0, drawn.PBX, drawn.PROVIDER, "OPTIONS", "o")]
    inbound.append(drawn.message(1.0, drawn.PROVIDER, drawn.PBX, "INVITE", "i", call=1))
    assert [drawn.PROVIDER, drawn.PBX] == names(Sheet(drawn.COLUMNS[1:], tuple(inbound)))


def test_a_given_order_of_columns_is_kept() -> None:
    sheet = replace(drawn.good_call(), columns=tuple(reversed(drawn.COLUMNS)), fixed=True)
    assert [drawn.PROVIDER, drawn.PBX, drawn.PHONE] == names(sheet)


def test_deltas_are_from_the_row_above() -> None:
    rows = layout(drawn.good_call()).rows
    assert rows[0].delta_s is None
    assert pytest.approx(0.5) == rows[9].delta_s
    assert [row.number for row in rows if row.pause] == ["F18"]


def test_a_retransmission_names_what_it_repeats() -> None:
    assert "INVITE again (F9)" == layout(drawn.good_call()).rows[9].label


def test_a_retransmission_of_something_unseen_says_earlier() -> None:
    arrows = (drawn.message(0.0, drawn.PBX, drawn.PROVIDER, "INVITE", "i", again=True),)
    assert "INVITE again (earlier)" == layout(Sheet(drawn.COLUMNS[1:], arrows)).rows[0].label


def test_repeated_options_fold_and_keep_the_numbers_of_the_rest() -> None:
    sheet = drawn.keepalives(8)
    later = drawn.message(300.0, drawn.PBX, drawn.PROVIDER, "INVITE", "i", call=1)
    rows = layout(replace(sheet, arrows=(*sheet.arrows, later))).rows
    assert ["F1", "F2", "F3…", "F17"] == [row.number for row in rows]
    assert "OPTIONS, 200 OK: 7 more, every 30 s" == rows[2].label


def test_a_keepalive_that_suddenly_fails_is_shown() -> None:
    rows = layout(drawn.keepalives(8, code_of_last=403)).rows
    assert ["OPTIONS", "403 Forbidden"] == [row.label for row in rows[-2:]]


def test_nothing_folds_when_asked_not_to() -> None:
    assert 16 == len(layout(drawn.keepalives(8), fold=False).rows)


def test_a_challenged_register_is_one_exchange() -> None:
    arrows = []
    for lap in range(4):
        for place, what in enumerate(("REGISTER", 401, "REGISTER", 200)):
            ends = (drawn.PBX, drawn.PROVIDER) if isinstance(what, str) else (drawn.PROVIDER, drawn.PBX)
            arrows.append(drawn.message(60.0 * lap + place, *ends, what, f"r{lap}-{place // 2}"))
    rows = layout(Sheet(drawn.COLUMNS[1:], tuple(arrows))).rows
    assert ["F1", "F2", "F3", "F4", "F5…"] == [row.number for row in rows]
    assert "REGISTER, 200 OK: 3 more, every 60 s" == rows[-1].label


def test_endless_challenges_are_not_one_endless_exchange() -> None:
    arrows = []
    for lap in range(6):
        arrows.append(drawn.message(lap, drawn.PBX, drawn.PROVIDER, "REGISTER", f"r{lap}"))
        arrows.append(drawn.message(lap + 0.1, drawn.PROVIDER, drawn.PBX, 401, f"r{lap}"))
    rows = layout(Sheet(drawn.COLUMNS[1:], tuple(arrows))).rows
    assert "REGISTER, 401 Unauthorized: 2 more, every 2 s" == rows[-1].label
    assert 5 == len(rows)


def test_the_label_stands_next_to_the_sender_and_changes_beyond_the_nat() -> None:
    outbound, answer = layout(drawn.through_nat()).rows[:2]
    assert (0, 1) == (outbound.near, outbound.far)
    assert (1, 0) == (answer.near, answer.far)
