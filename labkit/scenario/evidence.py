"""Where an evidence is found in a run: in the capture, the log, Asterisk's answers, the provider's portal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labkit.scenario.model import Evidence
from labkit.scenario.run import Placed, Run

if TYPE_CHECKING:
    from labkit.trace.trace import Trace

SIDES = ({"pbx", "router"},)
"""Hosts that are one: the PBX is seen as the router beyond the NAT."""


@dataclass(frozen=True, slots=True)
class Found:
    """How often an evidence was found, and where."""

    evidence: Evidence
    count: int
    places: tuple[str, ...]
    """Each place in words: `outside frame 12: provider > router SIP/2.0 401 Unauthorized`; a few at most."""

    @property
    def holds(self) -> bool:
        """Whether it was found as often as the evidence says."""
        return self.count in self.evidence.count

    def __str__(self) -> str:
        """What was looked for and where it was found."""
        what = f"{self.evidence.kind} {self.evidence.subject}"
        return f"{what}: found {self.count} times{': ' if self.places else ''}{'; '.join(self.places[:3])}"


def search(evidence: Evidence, run: Run, trace: Trace | None) -> Found:
    """Look for an evidence; `trace` is the run's capture, opened."""
    finders: dict[str, Callable[[], Iterator[str]]] = {
        "log": lambda: _log(evidence, run),
        "cli": lambda: _answer(evidence, run),
        "ami": lambda: _answer(evidence, run),
        "portal": lambda: _lines(evidence.subject, run.portal),
        "message": lambda: _messages(evidence, run, trace),
        "sdp": lambda: _descriptions(evidence, run, trace),
        "rtp": lambda: _streams(evidence, run, trace),
    }
    places = tuple(dict.fromkeys(finders[evidence.kind]()))
    return Found(evidence, len(places), places)


def same_host(wanted: str, name: str, address: str) -> bool:
    """Whether a host of the capture is the wanted one, by name, by address, or by the other side of the NAT."""
    names = next((each for each in SIDES if wanted in each), {wanted})
    return not wanted or name in names or address == wanted


def _lines(pattern: str, lines: tuple[str, ...]) -> Iterator[str]:
    return (f"{number}: {line}" for number, line in enumerate(lines, 1) if re.search(pattern, line))


def _log(evidence: Evidence, run: Run) -> Iterator[str]:
    ours = {call_id for call in run.calls if call.role == "regression" for call_id in call.call_ids}
    for place in _lines(evidence.subject, run.log):
        level = place.partition(": ")[2].partition(" ")[0]
        if evidence.level in ("", level) and not any(call_id in place for call_id in ours):
            yield place


def _answer(evidence: Evidence, run: Run) -> Iterator[str]:
    text = run.commands.get(evidence.command, "")
    lines = text.splitlines()
    if evidence.field:
        lines = [line for line in lines if line.startswith(f"{evidence.field}: ")]
    return _lines(evidence.matches or ".", tuple(lines))


@dataclass(frozen=True, slots=True)
class _Scope:
    """The legs that an evidence is about: those of one call, or all but those of the calls that must always work."""

    owners: Mapping[int | None, frozenset[str]]
    """Names of the run's calls that a leg may belong to."""
    call: str
    always: frozenset[str]

    @classmethod
    def of(cls, call: str, run: Run, trace: Trace) -> _Scope:
        """Calls to one number look like one to a trace, yet a leg that an end reported is that call's alone."""
        columns = trace.columns("messages")
        rows = set(zip(columns["leg"], columns["call"], columns["call_id"], strict=True))
        reported = {call_id: each.name for each in run.calls for call_id in each.call_ids}
        joined = {(number, reported[call_id]) for _, number, call_id in rows if call_id in reported}
        owners = {
            leg: frozenset(
                [reported[call_id]] if call_id in reported else (name for at, name in joined if at == number)
            )
            for leg, number, call_id in rows
            if leg is not None
        }
        always = frozenset(each.name for each in run.calls if each.role == "regression")
        return cls(owners, call, always)

    def __contains__(self, leg: int | None) -> bool:
        names = self.owners.get(leg, frozenset())
        if self.call:
            return self.call in names
        return not names or not names <= self.always


def _rows(columns: dict[str, Any]) -> Iterator[dict[str, Any]]:
    names = list(columns)
    return (dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True))


def _fits(evidence: Evidence, row: dict[str, Any], scope: _Scope) -> bool:
    return (
        row["leg"] in scope
        and evidence.point in ("", row["point"])
        and same_host(evidence.source, row["src_name"], row["src"])
        and same_host(evidence.to, row["dst_name"], row["dst"])
    )


def _messages(evidence: Evidence, run: Run, trace: Trace | None) -> Iterator[str]:
    """Each packet once, though it may be seen at two points."""
    if trace is None:
        return
    scope, met = _Scope.of(evidence.call, run, trace), set()
    for row, message in zip(_rows(trace.columns("messages")), trace.sip, strict=True):
        if row["packet"] in met or not _fits(evidence, row, scope) or not _kind_fits(evidence.subject, row):
            continue
        text = message.data.decode("utf-8", "replace").replace("\r\n", "\n")
        if re.search(evidence.matches, text, re.MULTILINE):
            met.add(row["packet"])
            yield cited(row, text)


def refusal(call: Placed, run: Run, trace: Trace) -> str:
    """The first message that refused a call, as a place in words; empty where none did."""
    scope = _Scope.of(call.name, run, trace)
    for row, message in zip(_rows(trace.columns("messages")), trace.sip, strict=True):
        code = row["code"] or 0
        challenge = code in (401, 407) and code != call.status
        if code >= 300 and not challenge and row["leg"] in scope:
            return cited(row, message.data.decode("utf-8", "replace").replace("\r\n", "\n"))
    return ""


def cited(row: dict[str, Any], text: str) -> str:
    """A message as a place in words."""
    return f"{row['point']} frame {row['frame']}: {row['src_name']} > {row['dst_name']} {text.partition(chr(10))[0]}"


def _kind_fits(subject: str, row: dict[str, Any]) -> bool:
    """Whether a message is `INVITE`, `401` or `401 to INVITE`."""
    head, _, method = subject.partition(" to ")
    if head.isdigit() or head.endswith("xx"):
        code = str(row["code"] or "")
        right = code == head or (head.endswith("xx") and len(code) == 3 and code[0] == head[0])
        return right and method in ("", str(row["cseq"]).partition(" ")[2])
    return bool(row["method"] == head)


def _descriptions(evidence: Evidence, run: Run, trace: Trace | None) -> Iterator[str]:
    if trace is None:
        return
    scope = _Scope.of(evidence.call, run, trace)
    lines = {(row["point"], row["frame"]): row for row in _rows(trace.columns("messages"))}
    for row in _rows(trace.columns("offers")):
        about = lines[row["point"], row["frame"]]
        if row["role"] == evidence.subject and _fits(evidence, about, scope):
            text = trace.message(row["frame"], row["point"]).data.decode("utf-8", "replace").replace("\r\n", "\n")
            if re.search(evidence.matches, text.partition("\n\n")[2], re.MULTILINE):
                yield cited(about, text)


def _streams(evidence: Evidence, run: Run, trace: Trace | None) -> Iterator[str]:
    """The streams of a direction; with `packets`, the direction as a whole where their sum is in the range."""
    if trace is None:
        return
    scope = _Scope.of(evidence.call, run, trace)
    source, _, target = evidence.subject.partition(" to ")
    rows = [
        row
        for row in _rows(trace.columns("streams"))
        if same_host(source, row["src_name"], row["src"])
        and same_host(target, row["dst_name"], row["dst"])
        and evidence.point in ("", row["point"])
        and row["leg"] in scope
    ]
    if evidence.packets is not None:
        packets = sum(row["packets"] for row in rows)
        if packets in evidence.packets:
            yield f"{evidence.subject}: {packets} RTP packets"
        return
    for row in rows:
        if _figures_fit(evidence, row):
            way = f"{row['src_name']} > {row['dst_name']}"
            yield f"{row['point']} stream {row['stream']}: {way} {row['packets']} packets"


def _figures_fit(evidence: Evidence, row: dict[str, Any]) -> bool:
    lost_percent = 100 * row["lost"] / row["expected"] if row["expected"] else 0.0
    figures = (
        (evidence.lost_percent, lost_percent),
        (evidence.jitter_ms, row["jitter_max_ms"]),
    )
    right = all(value is not None and value in wanted for wanted, value in figures if wanted is not None)
    kinds = evidence.payload_type
    right &= kinds is None or any(each in kinds for each in row["payload_types"])
    return right and evidence.codec in ("", row["codec"])
