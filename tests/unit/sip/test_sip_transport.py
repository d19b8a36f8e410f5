"""TCP and TLS carry calls like UDP does; streams are cut into messages wherever they break."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from labkit.sip.agent import Agent
from labkit.sip.callee import IncomingCall
from labkit.sip.caller import OutgoingCall
from labkit.sip.framing import Framer
from labkit.sip.message import parse
from labkit.sip.transaction import ServerTransaction

from .harness import FAST, identity, negotiation

OPTIONS = b"OPTIONS sip:a@b SIP/2.0\r\nl: 3\r\n\r\nabc"


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_a_stream_is_cut_into_messages_wherever_it_breaks(size: int) -> None:
    stream = OPTIONS + b"\r\n\r\n" + OPTIONS + b"\r\n" + OPTIONS
    framer = Framer()
    found = [message for at in range(0, len(stream), size) for message in framer.feed(stream[at : at + size])]
    assert [b"abc"] * 3 == [parse(message).body for message in found if message.strip()]


def test_a_message_without_end_breaks_the_stream() -> None:
    framer = Framer()
    assert [] == list(framer.feed(b"x" * (1 << 20) + b"y"))
    assert framer.broken


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.82, with its key."""
    assert shutil.which("openssl"), "the test of TLS needs openssl"
    path = tmp_path_factory.mktemp("tls") / "sbc.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=sbc", "-addext", "subjectAltName=IP:127.0.0.82"]
    key = path.with_suffix(".key")
    subprocess.run(["openssl", *words, *names, "-keyout", key, "-out", path], check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path


@pytest.mark.parametrize("protocol", ["TCP", "TLS"])
async def test_a_call_over_a_connection(protocol: str, certificate: Path) -> None:
    loop = asyncio.get_running_loop()
    caller, callee = Agent(loop, FAST), Agent(loop, FAST)
    calls: list[IncomingCall] = []

    def take(transaction: ServerTransaction) -> None:
        here = ("127.0.0.82", 0)
        calls.append(IncomingCall(callee, identity("bob", here), negotiation(here), transaction))
        calls[0].ring()
        calls[0].answer()

    callee.handlers["INVITE"] = take
    context = None
    if protocol == "TLS":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    host, port = await callee.wire.listen("127.0.0.82", 0, context)
    caller.wire.open_udp("127.0.0.81", 0)
    caller.wire.client_context = ssl.create_default_context(cafile=str(certificate))
    flow = caller.wire.flow_to(protocol, (host, port), "127.0.0.81")
    call = OutgoingCall(caller, identity("alice", ("127.0.0.81", 0)), negotiation(("127.0.0.81", 0)), flow)
    call.place(f"sip:bob@{host}:{port};transport={protocol.lower()}")
    async with asyncio.timeout(5):
        while not calls or calls[0].state != "confirmed":
            await asyncio.sleep(0.01)
        calls[0].hang_up()
        while call.state != "ended":
            await asyncio.sleep(0.01)
    assert (protocol, {}) == (calls[0].invite.via.transport, caller.transactions.retransmissions)  # type: ignore[union-attr]
    assert 1 == caller.wire.connections == callee.wire.connections
    await caller.close()
    await callee.close()


async def test_a_connection_that_cannot_be_made_fails_the_call_at_once() -> None:
    agent = Agent(asyncio.get_running_loop(), FAST)
    agent.wire.open_udp("127.0.0.81", 0)
    call = OutgoingCall(
        agent, identity("alice", ("127.0.0.81", 0)), negotiation(("127.0.0.81", 0)),
        agent.wire.flow_to("TCP", ("127.0.0.82", 1), "127.0.0.81"),
    )  # fmt: skip
    call.place("sip:bob@127.0.0.82:1;transport=tcp")
    async with asyncio.timeout(1):
        while call.state != "ended":
            await asyncio.sleep(0.01)
    assert (503, "Transport Error") == (call.ending.status, call.ending.reason)  # type: ignore[union-attr]
    await agent.close()
