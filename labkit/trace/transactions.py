"""Transactions: one request, its responses and its retransmissions (RFC 3261 section 17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from labkit.trace.facts import Facts, is_cookie
from labkit.trace.sipscan import Message


@dataclass(slots=True)
class Transaction:
    """The messages of one transaction, in order; an ACK to a failed INVITE belongs to the INVITE's."""

    number: int
    """From 1, in order of the first message."""
    messages: list[Message] = field(default_factory=list)
    """All sightings at all points."""

    @property
    def request(self) -> Message | None:
        """The request that opened it; None if the capture began later."""
        return next((each for each in self.messages if each.method not in (None, "ACK")), None)

    @property
    def final(self) -> Message | None:
        """The first final response."""
        return next((each for each in self.messages if each.code is not None and each.code >= 200), None)

    @property
    def provisional(self) -> Message | None:
        """The first provisional response."""
        return next((each for each in self.messages if each.code is not None and each.code < 200), None)


@dataclass(frozen=True, slots=True)
class Transactions:
    """All transactions, and what belongs to which."""

    all: list[Transaction]
    """In order of their first message."""
    number_of: list[int]
    """Per message, the number of its transaction."""
    packet_of: list[int]
    """Per message, the number of the packet: sightings of one packet at several points share it."""
    repeats: list[int]
    """Per message, how many times the same packet had been sent before: 0 is the first."""


def transactions(known: Sequence[Facts]) -> Transactions:
    """Sort messages into transactions, tell retransmissions, recognise packets seen at several points."""
    by_key: dict[tuple[str, ...], Transaction] = {}
    found = Transactions([], [], [], [])
    copies: Counter[tuple[object, ...]] = Counter()
    packets: dict[tuple[object, ...], int] = {}
    for each in known:
        message, key = each.message, _key(each)
        transaction = by_key.get(key)
        if transaction is None:
            transaction = by_key[key] = Transaction(len(by_key) + 1)
            found.all.append(transaction)
        transaction.messages.append(message)
        quoted = message.transport == "ICMP"
        same = (key, message.method, message.code, message.reason, message.cseq, each.to_tag, quoted)
        here = (message.point, message.src, message.src_port, message.dst, message.dst_port, same)
        copy = copies[here]
        copies[here] = copy + 1
        found.number_of.append(transaction.number)
        found.repeats.append(copy)
        found.packet_of.append(packets.setdefault((copy, same), len(packets) + 1))
    return found


def _key(each: Facts) -> tuple[str, ...]:
    """What the messages of a transaction share (RFC 3261 section 17.1.3 and 17.2.3)."""
    message = each.message
    number, _, method = message.cseq.partition(" ")
    method = method.strip() or message.method or ""
    method = "INVITE" if method == "ACK" else method
    if is_cookie(each.branch):
        return each.branch, each.sent_by, method
    return message.call_id, each.from_tag, number, method
