"""The life of a registration: what was asked and answered, and how long the registrar keeps the binding (RFC 3261, 10).

What a picture shows is what the answers say. A registrar that forgets tells nobody, and a capture cannot know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from labkit.errors import ParseError
from labkit.show.ladders import Source, trace_of
from labkit.show.lanes import Bar, Lane, lanes
from labkit.show.panels import blank
from labkit.show.pictures import Picture
from labkit.sip.grammar import number
from labkit.sip.message import Request, Response
from labkit.sip.uri import Address
from labkit.trace.trace import Trace
from labkit.trace.transactions import Transaction

TITLE = "Life of a registration"
KEY = "dashed: not accepted"
CHALLENGES = (401, 407)
"""Answers after which the same wish comes again with credentials (RFC 3261, section 22)."""
CREDENTIALS = b"\nAuthorization:"
NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One wish to be registered, with its answers; a challenge and the request that answers it are one attempt."""

    time_s: float
    """When it began."""
    wish_s: int | None
    """Life that was asked for; 0 takes the binding back, None leaves it to the registrar."""
    answers: tuple[str, ...]
    """What was answered, in order, such as ("401 Unauthorized", "200 OK"); "no answer" where there was none."""
    life_s: int | None = None
    """Life of the binding that was granted; 0 where it was taken back, None where the attempt failed."""
    contact: str = ""
    """Where calls are to come to."""

    @property
    def words(self) -> str:
        """The attempt in one line."""
        wish = {None: "asks to be bound", 0: "takes its binding back"}.get(self.wish_s, f"asks for {self.wish_s} s")
        granted = f": {self.contact} for {self.life_s} s" if self.life_s else ""
        return f"{wish}, {', '.join(self.answers)}{granted}"

    @property
    def label(self) -> str:
        """What the attempt came to, in a word or two."""
        last = self.answers[-1]
        if self.life_s == 0:
            return "taken back"
        return last if last == NO_ANSWER else f"{last[:3]}: {self.life_s} s" if self.life_s else last[:3]


def registrations(
    source: Source, *, by: str | None = None, during: tuple[float, float] | None = None, beside: Sequence[Lane] = ()
) -> Picture:
    """Each REGISTER with its answers, and the binding that came of it, over time.

    `by` is the host whose registrations are shown; everybody's without it. `during` is from when to when, in seconds
    of the trace; from the first REGISTER to the last message without it. `beside` are further lanes, above, in seconds
    from its begin. The text form gives whole seconds.
    """
    trace = trace_of(source)
    least_s = during[0] if during else 0.0
    told = [(name, attempts) for (name, _), attempts in _by_account(trace, by, least_s).items()]
    if not told and not beside:
        return blank(TITLE, "no REGISTER in this trace")
    start_s, end_s = during or (min(each[0].time_s for _, each in told), max(each.time_s for each in trace.sip))
    own = [lane for name, attempts in told for lane in _lanes(name, attempts, start_s, end_s)]
    return Picture("\n".join([TITLE, *_words(told, start_s, beside)]), lanes(TITLE, [*beside, *own], KEY).draw)


def _words(told: Sequence[tuple[str, list[Attempt]]], start_s: float, beside: Sequence[Lane]) -> list[str]:
    """A line for each attempt and each bar of the lanes beside them, in order of time."""
    events = [(bar.start_s, f"{lane.name} {bar.words}") for lane in beside for bar in lane.bars if bar.words]
    events += [(round(one.time_s - start_s), f"{name} {one.words}") for name, attempts in told for one in attempts]
    lines = [f"{when_s:5g} s  {what}" for when_s, what in sorted(events, key=lambda event: event[0])]
    return lines if any(attempts for _, attempts in told) else [*lines, "no REGISTER"]


def _lanes(name: str, attempts: Sequence[Attempt], start_s: float, end_s: float) -> Iterator[Lane]:
    """What was answered, each answer until the next; and the binding."""
    until = [*(each.time_s for each in attempts[1:]), end_s]
    answers = [
        Bar(each.time_s - start_s, end - start_s, each.label, each.words, firm=each.life_s is not None)
        for each, end in zip(attempts, until, strict=True)
    ]
    yield Lane(f"answers to {name}", tuple(answers))
    yield Lane(f"binding of {name}, by these answers", tuple(_bindings(attempts, start_s, end_s)))


def _bindings(attempts: Sequence[Attempt], start_s: float, end_s: float) -> Iterator[Bar]:
    """From each 200 to the next, or until the binding's time is over."""
    settled = [each for each in attempts if each.life_s is not None]
    until_s = -1.0
    for each, after in pairwise([*settled, None]):
        if each and each.life_s:
            renewed = each.time_s <= until_s
            until_s = each.time_s + each.life_s
            end = min(until_s, after.time_s if after else end_s)
            yield Bar(each.time_s - start_s, end - start_s, "renewed" if renewed else each.contact, "")


def _by_account(trace: Trace, by: str | None, least_s: float) -> dict[tuple[str, str], list[Attempt]]:
    """The attempts since a time for each account, by its name and the host that asks; unreadable ones are left out."""
    found: dict[tuple[str, str], list[Attempt]] = {}
    for transactions in _tries(trace):
        request, begun_s = transactions[-1].request, transactions[0].messages[0].time_s
        host = trace.capture.name(request.src) if request else ""
        if request and begun_s >= least_s and by in (None, host):
            with suppress(ParseError):
                found.setdefault((request.sip.to.uri.number, host), []).append(_attempt(transactions, request.sip))
    return found


def _tries(trace: Trace) -> list[list[Transaction]]:
    """Transactions that belong together: a challenged one, and the next of its Call-ID with credentials."""
    made: list[list[Transaction]] = []
    newest: dict[str, list[Transaction]] = {}
    for each in trace.transactions_found.all:
        request = each.request
        if request is None or request.method != "REGISTER":
            continue
        before = newest.get(request.call_id)
        if before and _challenged(before[-1]) and CREDENTIALS in request.data:
            before.append(each)
        else:
            newest[request.call_id] = [each]
            made.append(newest[request.call_id])
    return made


def _challenged(transaction: Transaction) -> bool:
    return transaction.final is not None and transaction.final.code in CHALLENGES


def _attempt(transactions: Sequence[Transaction], request: Request | Response) -> Attempt:
    """What these transactions come to; ParseError where the last of them cannot be read."""
    contact, final = request.contact, transactions[-1].final
    wish_s = _seconds(request, contact)
    accepted = final is not None and final.code is not None and final.code < 300
    return Attempt(
        transactions[0].messages[0].time_s,
        wish_s,
        tuple(each.final.start if each.final else NO_ANSWER for each in transactions),
        _granted_s(final.sip, contact, wish_s) if final and accepted else None,
        str(contact.uri) if contact else "",
    )


def _granted_s(answer: Request | Response, contact: Address | None, wish_s: int | None) -> int:
    """Life of our contact by a 200, which lists every binding of the account (RFC 3261, section 10.3, step 8)."""
    listed = [Address.parse(value) for value in answer.values("Contact")]
    own = next((each for each in listed if contact and each.uri == contact.uri), None)
    granted_s = _seconds(answer, own) if own else 0
    return (wish_s or 0) if granted_s is None else granted_s


def _seconds(message: Request | Response, contact: Address | None) -> int | None:
    """The life of a contact: its own parameter, or the header for all (section 10.2.1.1)."""
    own = number(contact.params.get("expires") or "") if contact else None
    return message.seconds("Expires") if own is None else own
