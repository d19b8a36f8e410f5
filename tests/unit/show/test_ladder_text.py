"""The canonical text form of a ladder."""

from __future__ import annotations

from dataclasses import replace

from labkit.show.ladders import Ladder
from labkit.show.sheet import Sheet
from tests.unit.show import drawn

SHORT = """\
             pbx             provider
         10.10.0.10        203.0.113.10
                           203.0.113.12
              │                  │
  F1          │──── OPTIONS ────>│
  F2          │<──── 200 OK ─────│"""

NAT = """\
Inside and outside of the NAT

             pbx                             router                           provider
         10.10.0.10                        203.0.113.1                      203.0.113.10
              │                                 ║                                 │
  F1          │──────────── INVITE ─────────────╫────────────────────────────────>│
              │ offer PCMU PCMA 10.10.0.10      ║ source 10.10.0.10 → 203.0.113.1 │
              │                                 ║ ! Contact still says 10.10.0.10 │
              │                                 ║ ! SDP still says 10.10.0.10     │
  F2          │<────────────────────────────────╫────────── 100 Trying ───────────│
              │ target 203.0.113.1 → 10.10.0.10 ║                                 │
  F3          │<────────────────────────────────╫──────────── 200 OK ─────────────│
              │                                 ║ answer PCMU PCMA 203.0.113.12   │
  F4          │────────────── ACK ──────────────╫────────────────────────────────>│
 RTP          │═══════════ RTP PCMU ════════════╫════════════════════════════════>│
              │ ← no RTP                        ║                                 │"""


def test_a_ladder_through_a_nat_reads_like_this() -> None:
    assert NAT == Ladder(drawn.through_nat(), exact=False).text()


def test_times_counts_and_loss_are_in_the_exact_form() -> None:
    lines = str(Ladder(drawn.good_call())).splitlines()
    assert any(line.startswith("   0.514   +0.500  F10 b") and "- -  INVITE again (F9)  - -" in line for line in lines)
    assert any("← 148 packets, 2 lost (1.3 %)" in line for line in lines)
    assert lines[-1] == "leg b: pbx to provider (X-Call-ID names leg a)"


def test_the_plain_form_is_the_same_for_two_runs_of_one_call() -> None:
    once = drawn.good_call()
    later = replace(once, arrows=tuple(drawn.shifted(arrow, 0.1234, 0) for arrow in once.arrows))
    assert Ladder(once, exact=False).text() == Ladder(later, exact=False).text()
    assert "packets" not in Ladder(once).text(exact=False)


def test_ports_are_shown_only_when_asked_for() -> None:
    ladder = Ladder(drawn.good_call())
    assert ":4000" not in ladder.text()
    assert "10.10.0.21:4000" in ladder.text(ports=True)


def test_lifelines_stand_in_one_line_in_every_row() -> None:
    lines = Ladder(drawn.good_call()).text().splitlines()[5:-3]
    places = {tuple(place for place, sign in enumerate(line) if sign in "│┊") for line in lines}
    assert 1 == len(places)


def test_a_long_label_is_cut_at_the_lifeline() -> None:
    long = replace(drawn.message(0.0, drawn.PBX, drawn.PROVIDER, 403, "x"), label="403 " + "very " * 20)
    lines = Ladder(Sheet(drawn.COLUMNS[1:], (long,))).text().splitlines()
    assert " very ver… " in lines[-1]
    assert lines[-1].endswith("│")


def test_silence_in_one_direction_is_said() -> None:
    assert "← no RTP" in Ladder(drawn.through_nat()).text()


def test_a_ladder_of_two_messages_reads_like_this() -> None:
    assert SHORT == Ladder(drawn.keepalives(1), exact=False).text()
