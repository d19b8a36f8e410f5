"""Whether the lab itself is well: every hop of a call, SIP and RTP each way, and the first one that is broken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit import datasets
from labkit.errors import DatasetError, LabError
from labkit.lab import status
from labkit.lab.lab import Lab
from labkit.lab.parties import PHONES
from labkit.runtime import choice, rootfs
from labkit.trace import open_trace

if TYPE_CHECKING:
    from labkit.trace.trace import Trace

NUMBER = "+15550100"
"""A number behind the provider that answers with a tone."""

_PHONE = PHONES[0]
_HOPS = (
    (f"{_PHONE} to pbx", "inside", _PHONE, "pbx"),
    ("pbx to router", "inside", "pbx", "provider"),
    ("router to provider", "outside", "router", "provider"),
    ("provider to router", "outside", "provider", "router"),
    ("router to pbx", "inside", "provider", "pbx"),
    (f"pbx to {_PHONE}", "inside", "pbx", _PHONE),
)
_ANSWER_S = 0.3
"""How long an OPTIONS may take to be answered on a lab's network."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing that was tested."""

    name: str
    ok: bool
    seen: str
    """What was measured."""
    advice: str = ""
    """What to do when it is broken."""

    def __str__(self) -> str:
        """One line; the advice on a second one."""
        line = f"{'ok    ' if self.ok else 'BROKEN'}  {self.name}: {self.seen}"
        return line if self.ok or not self.advice else f"{line}\n        {self.advice}"


@dataclass(frozen=True, slots=True)
class Report:
    """All hops in the order in which a call needs them."""

    hops: tuple[Hop, ...]

    @property
    def broken(self) -> Hop | None:
        """The first broken hop: what to mend first."""
        return next((hop for hop in self.hops if not hop.ok), None)

    @property
    def healthy(self) -> bool:
        """Whether every hop is well."""
        return self.broken is None

    def __str__(self) -> str:
        """A line a hop and the verdict."""
        verdict = f"The first broken hop: {self.broken.name}." if self.broken else "Every hop is well."
        return "\n".join([*map(str, self.hops), verdict])


def examine(lab: Lab) -> Report:
    """Test hop by hop; what cannot be tested because an earlier hop is broken is left out."""
    hops: list[Hop] = []
    for hop in _examine(lab):
        hops.append(hop)
        if not hop.ok and hop.name in _NOTHING_AFTER:
            break
    return Report(tuple(hops))


_NOTHING_AFTER = ("the lab runs", "Asterisk answers", "a call out is answered")


def _examine(lab: Lab) -> Iterator[Hop]:
    found = rootfs.find()
    seen = f"Asterisk {found.asterisk_version} in {rootfs.cache_folder()}" if found else "nothing fetched yet"
    yield Hop("programs of the lab", found is not None, seen, "Fetch them: labkit cache fetch")
    yield _runtime(lab)
    if lab.replayed is not None:
        yield from _recordings()
        return
    yield Hop("the lab runs", lab.ready, f"{lab.name} on {lab.runtime.name}", "Start it: labkit up")
    yield _asterisk(lab)
    yield from _registrations(lab)
    yield from _options(lab)
    yield from _call(lab)


def _runtime(lab: Lab) -> Hop:
    state = lab.home.state
    try:
        reason = "the lab was started with it" if state else choice.choose().reason
        return Hop("runtime", True, f"{lab.runtime.name}: {reason}")
    except LabError as why:
        return Hop("runtime", False, str(why), "Mend one of these")


def _recordings() -> Iterator[Hop]:
    """Whether all that can be replayed is as it was recorded."""
    for name in datasets.registry():
        try:
            datasets.fetch(name)
        except DatasetError as why:
            yield Hop(f"recording {name}", False, *str(why).split("\n", 1))
    yield Hop(
        "recordings", True, f"{len(datasets.registry())} in {datasets.home()}; only a live lab can place new calls"
    )


def _asterisk(lab: Lab) -> Hop:
    try:
        return Hop("Asterisk answers", True, lab.asterisk("core show version").split(" built", 1)[0])
    except LabError as why:
        return Hop("Asterisk answers", False, str(why), "Look at its log: labkit logs --level ERROR")


def _registrations(lab: Lab) -> Iterator[Hop]:
    for name, state in status.registrations(lab.pbx).items():
        advice = "See what the provider says: labkit asterisk pjsip show registrations"
        yield Hop(f"registration of trunk {name}", state == "Registered", state, advice)
    for host in PHONES:
        binding = lab.phone(host).register()
        advice = f"Compare auth {host.removeprefix('phone-')} in pjsip.d/{host}.conf with the phone's password"
        yield Hop(f"registration of {host}", binding.status == 200, f"{binding.status} {binding.reason}", advice)


def _options(lab: Lab) -> Iterator[Hop]:
    advice = "No answer at all: the network, a firewall or a wrong address"
    for host in PHONES:
        code = lab.phone(host).options(f"sip:{lab.values['pbx']}")
        yield Hop(f"OPTIONS from {host} to pbx", code is not None, _answer(code), advice)
    for name, address in _qualified(lab):
        with lab.capture(["inside"], title="doctor") as recorder:
            lab.ami("PJSIPQualify", Endpoint=name)
            time.sleep(_ANSWER_S)
        messages = open_trace(recorder.capture).messages
        answers = messages[messages["code"].notna() & (messages["src"] == address)]
        yield Hop(f"OPTIONS from pbx to {name}", len(answers) > 0, f"{len(answers)} answers", advice)
    code = lab.provider.options(f"sip:{lab.values['router.wan']}")
    yield Hop("OPTIONS from provider to pbx", code is not None, _answer(code), advice)


def _qualified(lab: Lab) -> list[tuple[str, str]]:
    """Contacts that Asterisk sends OPTIONS to: name of the AOR and address."""
    return [(name, contact.address) for name, contact in status.contacts(lab.pbx).items() if contact.qualified]


def _answer(code: int | None) -> str:
    return "no answer" if code is None else f"answered {code}"


def _call(lab: Lab) -> Iterator[Hop]:
    call = lab.call(_PHONE, NUMBER, hold_s=1.0)
    trace = call.trace
    public = lab.topology.names[lab.values["router.wan"]]  # without NAT the PBX itself
    hops = [(name, point, *(public if end == "router" else end for end in ends)) for name, point, *ends in _HOPS]
    for name, point, source, target in hops:
        count = _messages(trace, point, source, target)
        yield Hop(f"SIP {name}", count > 0, f"{count} messages", "The packet was sent before this hop and lost at it")
    verdict = f"answered {call.status}" if call.status else "no final answer"
    yield Hop(
        "a call out is answered", call.answered, verdict, "The last message on its ladder says why: labkit ladder"
    )
    for name, point, source, target in hops:
        count = _packets(trace, point, source, target)
        yield Hop(
            f"RTP {name}", count > 0, f"{count} packets", "Compare the SDP's address and port with the packets' own"
        )


def _messages(trace: Trace, point: str, source: str, target: str) -> int:
    rows = trace.messages.query("point == @point and src_name == @source and dst_name == @target")
    return len(rows[rows["leg"].notna()])


def _packets(trace: Trace, point: str, source: str, target: str) -> int:
    rows = trace.streams.query("point == @point and src_name == @source and dst_name == @target")
    return int(rows["packets"].sum())
