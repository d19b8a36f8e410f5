"""Loss and rubbish: every call ends as RFC 3261 says with nothing left over; no input raises or takes long."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from contextlib import suppress

from labkit.errors import ParseError
from labkit.sip.callee import IncomingCall
from labkit.sip.caller import OutgoingCall
from labkit.sip.message import parse
from labkit.sip.sdp import SessionDescription
from labkit.sip.timers import Timing
from labkit.sip.transaction import ServerTransaction
from labkit.sip.validity import flaw

from .harness import Bench, Link
from .test_sip_rfc4475 import REQUESTS, SDP, WSINV

CALLS = int(os.environ.get("LABKIT_LOSS_CALLS", "300"))
"""The bar is 1,000; fewer by default."""

MUTATIONS = int(os.environ.get("LABKIT_MUTATIONS", "20000"))
"""The bar is 1,000,000; fewer by default."""


BITS = [b"\r\n", b'"', b"<", b">", b";", b",", b"\\", b"%", b"\x00", b":", b" ", b"9" * 30]
"""What a mutation puts in."""


async def test_with_a_tenth_of_all_messages_lost_every_call_ends_and_nothing_is_left() -> None:
    chance = random.Random(7)
    link = Link(Timing(0.02, 0.08, 0.1), lose=lambda data: chance.random() < 0.1)
    incoming: list[IncomingCall] = []

    def take(transaction: ServerTransaction) -> None:
        call = link.incoming(transaction)
        incoming.append(call)
        call.ring()
        link.b.timers.after(0.02, call.answer)

    link.b.handlers["INVITE"] = take
    outgoing: list[OutgoingCall] = []
    for _ in range(CALLS):
        outgoing.append(link.place())
        await asyncio.sleep(0.004)
    await link.until(lambda: all(call.state in ("confirmed", "ended") for call in outgoing), 10)
    for call in outgoing:
        call.hang_up()
        await asyncio.sleep(0.003)
    await link.until(lambda: all(call.state == "ended" for call in [*outgoing, *incoming]), 10)
    endings = {(call.ending.status, call.ending.reason) for call in outgoing if call.ending}
    assert endings <= {(200, "BYE"), (408, "Request Timeout")}
    assert 0.98 * CALLS < sum(call.ending is not None and call.ending.status == 200 for call in outgoing)
    assert CALLS >= len(incoming)
    await link.until(lambda: not _leftovers(link), 5)
    assert 1 == len(asyncio.all_tasks())
    await link.close()


def _leftovers(link: Link) -> int:
    agents = (link.a, link.b)
    held = [agent.transactions.clients for agent in agents] + [agent.transactions.servers for agent in agents]
    return sum(map(len, [*held, *[agent.usages for agent in agents], *[agent.timers for agent in agents]]))


async def test_mutated_messages_raise_nothing_and_take_no_time() -> None:
    chance = random.Random(11)
    seeds = [data for data, _ in REQUESTS.values() if len(data) < 4000] + [WSINV]
    bench = Bench()
    slowest_s = 0.0
    gc.disable()
    try:
        for _ in range(MUTATIONS):
            data = _mutated(chance.choice(seeds), seeds, chance)
            started_s = time.thread_time()
            _read_all(data)
            slowest_s = max(slowest_s, time.thread_time() - started_s)
            if chance.random() < 0.05:
                bench.receive(data)
    finally:
        gc.enable()
    await bench.agent.close()
    assert slowest_s < 0.05


def _mutated(data: bytes, seeds: list[bytes], chance: random.Random) -> bytes:
    mutated = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(mutated) + 1)
        kind = chance.random()
        if kind < 0.3:
            mutated[place : place + 1] = bytes([chance.randrange(256)])
        elif kind < 0.5:
            del mutated[place : place + chance.randint(1, 40)]
        elif kind < 0.7:
            mutated[place:place] = chance.choice(BITS)
        elif kind < 0.85:
            other = chance.choice(seeds)
            begin = chance.randrange(len(other))
            mutated[place:place] = other[begin : begin + chance.randint(1, 60)]
        else:
            mutated[place:place] = mutated[place : place + 20] * chance.choice([2, 50])
    return bytes(mutated)


def _read_all(data: bytes) -> None:
    """Ask a message for everything."""
    with suppress(ParseError):
        message = parse(data)
        flaw(message)
        for name, _ in message.rows:
            message.values(name)
        for part in ("via", "from_", "to", "contact", "cseq"):
            with suppress(ParseError):
                getattr(message, part)
        with suppress(ParseError):
            for media in SessionDescription.parse(message.body or SDP).media:
                _ = media.rtp_formats, media.ptime_ms
