"""Every fault that the provider can cause by data alone, with Asterisk as the peer: each is seen on the wire.

The letters and numbers name a fault of the project's catalogue: A inbound never arrives, B dialplan, C outbound
refused, D audio, E caller ID, F drops on a clock, G keys and early media, H load, I secure media, J identity and fax.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labkit.errors import HostError
from labkit.lab.lab import Lab
from labkit.trace import open_trace

PCAP_HEADER_BYTES = 24

TRUNK, NUMBER, DID = "trunk.registered.", "number.+15550110.", "+442079460000"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen at the router's outer side, and what the parties say."""

    messages: list[str]
    """Each message as `p INVITE` or `a 200 INVITE` (from provider or Asterisk), a newline, and its text."""
    status: int | None
    """Final status as the placing party saw it."""
    media: Any
    """The placing party's media report."""
    sources: set[str]
    """Addresses and ports that the provider's RTP came from."""
    payload_types: set[int]
    """Payload types of the provider's RTP."""
    caller: str
    """Caller ID that the provider shows to the called side, by its portal."""

    def has(self, pattern: str) -> bool:
        """Whether a message fits a regular expression, which may run over its lines."""
        return any(re.search(pattern, message, re.DOTALL) for message in self.messages)


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the catalogue."""

    changes: Mapping[str, Any]
    """Policy values by dotted name."""
    proof: Callable[[Seen], bool]
    """What must be true on the wire."""
    way: str = "out"
    """out: phone 1001 calls the PSTN; in: the PSTN calls the DID; register: the trunk registers; qualify: OPTIONS."""
    hold_s: float = 0.3
    """Seconds to stay on the call."""
    option: str = ""
    """A line that the PBX's trunk needs for the fault to show."""


def drop(**match: object) -> list[dict[str, object]]:
    """A wire fault that drops."""
    return [{"do": "drop", "match": match}]


def alter(pattern: str, text: str, **match: object) -> list[dict[str, object]]:
    """A wire fault that rewrites."""
    return [{"do": "alter", "match": match, "replace": [[pattern, text]]}]


FAULTS: dict[str, Fault] = {
    "A02 second address": Fault({TRUNK + "inbound.sbc": "second"}, lambda seen: seen.has(r"^p2 INVITE"), "in"),
    "A10 caller is an extension": Fault(
        {TRUNK + "inbound.caller_in": ["From"], "call.caller": "1001"},
        lambda seen: seen.has(r"p INVITE.*From: <sip:1001@"),
        "in",
    ),
    "A12 registration outage": Fault(
        {"fault": drop(direction="in", method="REGISTER")},
        lambda seen: seen.has("a REGISTER") and not seen.has("200 REGISTER"),
        "register",
    ),
    "A12 registration refused": Fault(
        {TRUNK + "registration.treatment": "refuse"}, lambda seen: seen.has("p 403 REGISTER"), "register"
    ),
    "A15 DID not routed": Fault({TRUNK + "dids": []}, lambda seen: not seen.has("p INVITE"), "in"),
    "B01 national": Fault(
        {TRUNK + "inbound.did_form": "national"},
        lambda seen: seen.has("p INVITE\nINVITE sip:02079460000@") and seen.has("a 404"),
        "in",
    ),
    "B01 without plus": Fault(
        {TRUNK + "inbound.did_form": "e164"}, lambda seen: seen.has("\nINVITE sip:442079460000@"), "in"
    ),
    "B04 DID in To": Fault(
        {TRUNK + "inbound.did_in": "to"},
        lambda seen: seen.has(r"\nINVITE sip:trunk-4420@.*To: <sip:\+442079460000@"),
        "in",
    ),
    "B04 P-Called-Party-ID": Fault(
        {TRUNK + "inbound.did_in": "p-called-party-id"},
        lambda seen: seen.has(r"P-Called-Party-ID: <sip:\+442079460000@"),
        "in",
    ),
    "B04 Diversion": Fault(
        {TRUNK + "inbound.did_in": "diversion"}, lambda seen: seen.has(r"Diversion: <sip:\+442079460000@"), "in"
    ),
    "B08 ISUP part": Fault(
        {TRUNK + "inbound.multipart": True}, lambda seen: seen.has("handling=required") and seen.has("a 415"), "in"
    ),
    "C01 address not allowed": Fault({TRUNK + "allow": ["192.0.2.1"]}, lambda seen: seen.has("p 403 INVITE")),
    "C03 odd realm": Fault({TRUNK + "digest.realm": "odd"}, lambda seen: seen.has('realm="odd"')),
    "C05 SHA-256": Fault({TRUNK + "digest.algorithms": ["SHA-256"]}, lambda seen: seen.has("algorithm=SHA-256")),
    "C06 codec list": Fault(
        {TRUNK + "sdp.codecs": ["G722"]}, lambda seen: seen.has("p 488 INVITE") and seen.status != 200
    ),
    "C07 G.729 only": Fault({TRUNK + "sdp.codecs": ["G729"]}, lambda seen: seen.has("a 488 INVITE"), "in"),
    "C08 OPTIONS ignored": Fault(
        {TRUNK + "options.treatment": "ignore"},
        lambda seen: seen.has("a OPTIONS") and not seen.has("200 OPTIONS"),
        "qualify",
    ),
    "C09 From must be the account": Fault(
        {TRUNK + "outbound.from_user": "account"}, lambda seen: seen.has("p 403 INVITE From user")
    ),
    "C12 TLS only": Fault({TRUNK + "transports": ["tls"]}, lambda seen: seen.has("a INVITE") and not seen.has("p 4")),
    "C13 E.164 without plus only": Fault(
        {TRUNK + "outbound.number_forms": ["e164"]}, lambda seen: seen.has("p 404 INVITE Number format")
    ),
    "C14 foreign host dropped": Fault(
        {TRUNK + "outbound.uri_host": "domain", TRUNK + "outbound.host_treatment": "ignore"},
        lambda seen: seen.has("a INVITE.*Proxy-Auth") and not seen.has("p 404"),
    ),
    "C16 100rel demanded": Fault(
        {TRUNK + "inbound.reliable": "required"}, lambda seen: seen.has("p INVITE.*Require: 100rel"), "in"
    ),
    "C17 session interval": Fault(
        {TRUNK + "timers.min_se_s": 3600, TRUNK + "timers.expires_s": 3600},
        lambda seen: seen.has("p 422 INVITE.*Min-SE: 3600") or seen.has("a INVITE.*Session-Expires: 3600"),
    ),
    "C19 SRTP only": Fault(
        {TRUNK + "sdp.security": "required"}, lambda seen: seen.has("p 488 INVITE.*SRTP is required")
    ),
    "C20 destination blocked": Fault(
        {TRUNK + "outbound.blocked_prefixes": ["+1"]}, lambda seen: seen.has("p 403 INVITE Destination")
    ),
    "D05 private address": Fault(
        {"media.advertised": "10.99.0.1"}, lambda seen: seen.has("p 200 INVITE.*c=IN IP4 10.99.0.1")
    ),
    "D07 media moves": Fault({"media.faults": {"move_after_s": 0.2}}, lambda seen: len(seen.sources) == 2, hold_s=0.8),
    "D10 hold and resume": Fault(
        {NUMBER + "changes": [{"after_s": 0.1, "kind": "hold"}, {"after_s": 0.4, "kind": "resume"}]},
        lambda seen: seen.has("p INVITE.*a=sendonly"),
        hold_s=0.9,
    ),
    "D13 media elsewhere": Fault(
        {"media.host": "second"}, lambda seen: {"203.0.113.11"} == {text.split(":")[0] for text in seen.sources}
    ),
    "D15 comfort noise": Fault(
        {"media.faults": {"comfort_noise_after_s": 0.2}}, lambda seen: 13 in seen.payload_types, hold_s=0.6
    ),
    "D16 ptime 40": Fault(
        {TRUNK + "sdp.ptime_ms": 40, "media.faults": {"ptime_ms": 40}}, lambda seen: seen.has("p 200.*a=ptime:40")
    ),
    "late media": Fault({"media.faults": {"start_after_s": 60.0}}, lambda seen: not seen.sources),
    "one-way media": Fault({"media.faults": {"stop_after_s": 0.0}}, lambda seen: not seen.sources),
    "wrong payload type": Fault({"media.faults": {"payload_type": 96}}, lambda seen: seen.payload_types == {96}),
    "E01 caller refused": Fault(
        {TRUNK + "caller_id.foreign": "reject", TRUNK + "dids": []}, lambda seen: seen.has("p 403 INVITE Caller ID")
    ),
    "E03 caller replaced": Fault(
        {TRUNK + "dids": [], TRUNK + "caller_id.default": "+442079460002"},
        lambda seen: seen.caller == "+442079460002",
    ),
    "E04 precedence": Fault(
        {TRUNK + "caller_id.precedence": ["Remote-Party-ID"], TRUNK + "caller_id.withheld": "reject"},
        lambda seen: seen.has("p 433"),
    ),
    "E06 caller in PAI only": Fault(
        {TRUNK + "inbound.caller_in": ["P-Asserted-Identity"]},
        lambda seen: seen.has(r"From: <sip:trunk-4420@.*P-Asserted-Identity: <sip:\+1555"),
        "in",
    ),
    "E08 forwarded needs Diversion": Fault(
        {TRUNK + "dids": [], TRUNK + "caller_id.foreign": "reject", TRUNK + "caller_id.forwarded_needs": "Diversion"},
        lambda seen: seen.has("p 403"),
    ),
    "E09 name": Fault({TRUNK + "inbound.caller_name": "A Caller"}, lambda seen: seen.has('From: "A Caller" <'), "in"),
    "F01 ACK lost": Fault(
        {"fault": drop(direction="in", method="ACK")},
        lambda seen: sum(text.startswith("p 200 INVITE") for text in seen.messages) > 1,
        hold_s=1.2,
    ),
    "F02 short session": Fault({TRUNK + "timers.expires_s": 90}, lambda seen: seen.has("p 200.*Session-Expires: 90")),
    "F03 re-INVITE": Fault(
        {NUMBER + "changes": [{"after_s": 0.1, "kind": "reinvite"}]}, lambda seen: seen.has("p INVITE"), hold_s=0.5
    ),
    "F04 gateway is not the proxy": Fault(
        {"contact_host": "second", "record_route": True},
        lambda seen: seen.has("p 200.*Contact: <sip:[^>]*203.0.113.11") and seen.has("a BYE.*Route: "),
    ),
    "F05 reliable 183, PRACK lost": Fault(
        {
            NUMBER + "provisional": [183],
            NUMBER + "reliable": True,
            NUMBER + "early": "tone:950@-13",
            NUMBER + "ring_s": 2.0,
            "fault": drop(direction="in", method="PRACK"),
        },
        lambda seen: seen.has("p 183.*RSeq: ") and seen.has("a PRACK"),
    ),
    "F07 media timeout": Fault(
        {NUMBER + "media_timeout_s": 0.4, "phone.source": "none"},
        lambda seen: seen.has("p BYE.*Media timeout"),
        hold_s=2.5,
    ),
    "G01 no telephone-event": Fault({TRUNK + "sdp.events_hz": []}, lambda seen: not seen.has("p 200.*telephone-event")),
    "G02 two clock rates": Fault(
        {TRUNK + "sdp.events_hz": [8000, 16000]},
        lambda seen: seen.has("p INVITE.*telephone-event/8000.*telephone-event/16000"),
        "in",
    ),
    "G03 keys as events, for comparison": Fault(
        {NUMBER + "sends": "5"}, lambda seen: seen.payload_types == {8, 101}, hold_s=1.0
    ),
    "G03 keys in the audio": Fault(
        {"media.faults": {"dtmf_inband": True}, NUMBER + "sends": "5"},
        lambda seen: seen.has("p 200.*telephone-event") and seen.payload_types == {8},
        hold_s=1.0,
    ),
    "G04 183 without SDP": Fault({NUMBER + "provisional": [183]}, lambda seen: seen.has(r"p 183(?!.*c=IN)")),
    "G05 183 then 180": Fault(
        {NUMBER + "provisional": [183, 180], NUMBER + "early": "tone:950@-13", NUMBER + "early_s": 0.1},
        lambda seen: seen.has("p 183.*c=IN") and seen.has("p 180"),
    ),
    "G06 183 sendonly": Fault(
        {NUMBER + "provisional": [183], NUMBER + "early": "tone:950@-13", NUMBER + "early_direction": "sendonly"},
        lambda seen: seen.has("p 183.*a=sendonly"),
    ),
    "H01 channel cap": Fault({TRUNK + "limits.channels": 0}, lambda seen: seen.has("p 403 INVITE Channel limit")),
    "H02 calls per second": Fault({TRUNK + "limits.cps": 0.0}, lambda seen: seen.has("p 503 INVITE Call rate")),
    "H07 rewriting like an ALG": Fault(
        {"fault": alter(r"c=IN IP4 \S+", "c=IN IP4 192.168.1.1", direction="out", status=200)},
        lambda seen: seen.has("p 200.*c=IN IP4 192.168.1.1"),
    ),
    "I03 SRTP, for comparison": Fault(
        {TRUNK + "sdp.security": "required"},
        lambda seen: seen.has("p 200.*RTP/SAVP.*a=crypto") and bool(seen.media.received),
        hold_s=0.6,
        option="media_encryption = sdes",
    ),
    "I03 another key than announced": Fault(
        {
            TRUNK + "sdp.security": "required",
            "fault": alter(r"inline:\S{8}", "inline:AAAAAAAA", direction="out", status=200),
        },
        lambda seen: seen.has("p 200.*inline:AAAAAAAA") and bool(seen.sources) and not seen.media.received,
        hold_s=0.6,
        option="media_encryption = sdes",
    ),
    "J04 no Identity": Fault({}, lambda seen: seen.has("p INVITE") and not seen.has("p INVITE.*\nIdentity:"), "in"),
    "J04 an Identity that proves nothing": Fault(
        {TRUNK + "inbound.headers": {"Identity": "e30.e30.x;info=<https://192.0.2.1/>;alg=ES256;ppt=shaken"}},
        lambda seen: seen.has("p INVITE.*\nIdentity: e30"),
        "in",
    ),
    "J05 Identity demanded": Fault({TRUNK + "outbound.identity": "required"}, lambda seen: seen.has("p 428 INVITE")),
    "J06 T.38 re-INVITE": Fault(
        {NUMBER + "changes": [{"after_s": 0.1, "kind": "t38"}]},
        lambda seen: seen.has("p INVITE.*m=image") and seen.has("a 488"),
        hold_s=0.5,
    ),
    "BYE at N s": Fault({NUMBER + "hangs_up_after_s": 0.3}, lambda seen: seen.has("p BYE"), hold_s=1.0),
    "second answer": Fault({NUMBER + "second_answer": True}, lambda seen: seen.has("p 200.*-fork"), hold_s=0.5),
    "wrong Contact": Fault(
        {"contact_host": "192.0.2.55"}, lambda seen: seen.has("p 200.*Contact: <sip:[^>]*192.0.2.55")
    ),
    "delay": Fault(
        {"fault": [{"do": "delay", "delay_s": 0.5, "match": {"direction": "in", "method": "INVITE"}}]},
        lambda seen: sum(text.startswith("a INVITE") for text in seen.messages) > 2,
    ),
}
"""Name to fault. NET and CONF faults of the catalogue are not the provider's."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab of this module's own."""
    made = Lab("provider-faults", runtime="namespaces").up(fresh=True)
    yield made
    made.down()


@pytest.fixture
def healthy(lab: Lab) -> Iterator[Lab]:
    """The lab with its healthy policy before and after."""
    table = lab.provider.policy()
    yield lab
    lab.provider.policy(table)
    lab.phone("1001").set(source="tone:620@-10")
    lab.asterisk("pjsip qualify provider")
    deadline = time.monotonic() + 10
    while not _trunk_is_up(lab) and time.monotonic() < deadline:
        time.sleep(0.05)


def _trunk_is_up(lab: Lab) -> bool:
    return bool(lab.provider.registrations()) and "Avail" in lab.asterisk("pjsip show contacts like provider/")


def _send(lab: Lab, way: str, outside: Path, timeout_s: float = 10.0) -> None:
    """Have Asterisk send REGISTER or OPTIONS; it sends none while an earlier one waits for its answer, so ask again."""
    register = way == "register"
    line, method = ("pjsip send register provider", b"REGISTER") if register else ("pjsip qualify provider", b"OPTIONS")
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        lab.asterisk(line)
        time.sleep(0.4)
        if method in outside.read_bytes():
            return


@pytest.mark.parametrize("name", FAULTS)
def test_fault(healthy: Lab, name: str) -> None:
    fault = FAULTS[name]
    with _trunk_with(healthy, fault.option):
        _cause(healthy, fault)
        seen = _seen(healthy, fault)
    assert fault.proof(seen), "\n\n".join([*seen.messages, f"{seen.sources} {seen.payload_types} {seen.caller}"])


@contextmanager
def _trunk_with(lab: Lab, option: str) -> Iterator[None]:
    """Have the PBX's trunk say one more line meanwhile."""
    name = "pjsip.d/trunk-provider.conf"
    healthy = lab.config[name]
    if option:
        lab.config[name] = healthy.replace("type = endpoint\n", f"type = endpoint\n{option}\n")
        lab.reload()
    yield
    if option:
        lab.config[name] = healthy
        lab.reload()


def _cause(lab: Lab, fault: Fault) -> None:
    for path, value in fault.changes.items():
        if path == "phone.source":
            lab.phone("1001").set(source=value)
        elif path != "call.caller":
            lab.provider.set(path, value)


def _seen(lab: Lab, fault: Fault) -> Seen:
    status, media = None, None
    with lab.capture(("outside",), "fault") as recorder:
        if fault.way == "out":
            status, media = _call_out(lab, fault.hold_s)
        elif fault.way == "in":
            status, media = _call_in(lab, fault)
        else:
            _send(lab, fault.way, recorder.capture.points["outside"])
    caller = next((entry.caller for entry in reversed(lab.provider.portal().calls)), "")
    if any(path.stat().st_size <= PCAP_HEADER_BYTES for path in recorder.capture.points.values()):
        return Seen([], status, media, set(), set(), caller)  # not one packet came by
    trace = open_trace(recorder.capture)
    names = {"203.0.113.10": "p", "203.0.113.11": "p2", "203.0.113.1": "a"}
    shown = [
        f"{names.get(one.src, one.src)} " + (one.method or f"{one.code} {one.cseq_method} {one.reason}")
        for one in trace.sip
    ]
    messages = [f"{head}\n{one.data.decode()}" for head, one in zip(shown, trace.sip, strict=True)]
    sent = [
        row
        for row in trace.streams.itertuples()
        if str(row.src).startswith("203.0.113.1") and str(row.src) != "203.0.113.1"
    ]
    sources = {f"{row.src}:{row.src_port}" for row in sent}
    payload_types = {kind for row in sent for kind in row.payload_types}
    return Seen(messages, status, media, sources, payload_types, caller)


def _call_out(lab: Lab, hold_s: float) -> tuple[int | None, Any]:
    phone = lab.phone("1001")
    report = phone.call("+15550110", hold_s=hold_s, ring_s=2.0)
    return report.status, report.media


def _call_in(lab: Lab, fault: Fault) -> tuple[int | None, Any]:
    try:
        report = lab.provider.call(
            DID, caller=fault.changes.get("call.caller", "+15550199"), hold_s=fault.hold_s, ring_s=2.0
        )
    except HostError:  # the provider says that it has nowhere to send the call
        return None, None
    return report.status, report.media
