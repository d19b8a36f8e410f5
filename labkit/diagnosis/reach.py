"""Rules about messages that never arrive: NAT bindings, firewalls, middleboxes that rewrite."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.diagnosis.case import Case, logged
from labkit.diagnosis.finding import Clue, Evidence, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited, host_of
from labkit.diagnosis.signals import Signal
from labkit.trace.nat import private


def _kept_out(case: Case) -> list[Signal]:
    """INVITEs of a provider that stop at the firewall; those of strangers should."""
    stopped = [each for each in case.requests("INVITE", by_pbx=False) if case.never_came_in(each)]
    known = case.trunks or {each.peer for each in case.inbound() if each.invite not in stopped}
    return [each for each in stopped if each.source in known or not known or case.near_a_trunk(each.source)]


def _spoke_before(case: Case, signal: Signal) -> Signal | None:
    """The last message that we sent to the same host before."""
    sent = [
        each for each in case.signals if each.by_pbx and each.target == signal.source and each.time_s < signal.time_s
    ]
    return sent[-1] if sent else None


@rule("nat", "aor.qualify_frequency", "A04")
def pinhole_closed(case: Case) -> Iterator[Clue]:
    """An INVITE comes to a NAT whose binding for us has run out."""
    for signal in _kept_out(case):
        before = _spoke_before(case, signal)
        registered = any(each.target == signal.source for each in case.requests("REGISTER"))
        registrars = {host_of(each.get("server_uri") or "") for each in case.settings.objects("registration")}
        aors = [each for each in case.settings.objects("aor") if signal.source in map(host_of, each.values("contact"))]
        quiet = [each for each in aors if (each.get("qualify_frequency") or "0") == "0"]
        if not registered and signal.source not in registrars:
            continue
        sure = 0.92 if quiet else 0.5 if aors else 0.75
        evidence = [of(signal, "not seen inside")] + ([of(before, "the last before it from us")] if before else [])
        says = (
            "The provider calls the address that we registered from, and the NAT has forgotten it: "
            "nothing kept the binding open."
        )
        yield Clue(
            sure,
            says,
            (*evidence, *(cited(each, "qualify_frequency") for each in aors[:1])),
            next="Does it work right after a REGISTER? How long after it does it stop?",
        )
        return


@rule("nat", "router.forward", "A16")
def firewall_in_the_way(case: Case) -> Iterator[Clue]:
    """An INVITE for us reaches the firewall and does not pass it."""
    for signal in _kept_out(case):
        aors = [each for each in case.settings.objects("aor") if signal.source in map(host_of, each.values("contact"))]
        kept_open = any((each.get("qualify_frequency") or "0") != "0" for each in aors)
        registered = any(each.target == signal.source for each in case.requests("REGISTER"))
        sure = 0.6 if registered and not kept_open else 0.92
        yield Clue(
            sure,
            f"{signal.source} calls, and the packet is not seen behind the firewall: nothing forwards it to the PBX.",
            (of(signal, "not seen inside"),),
            next="Look at the firewall's rule for port 5060 from the provider's addresses.",
        )
        return


@rule("nat", "router.forward", "A16", "F01")
def reply_kept_out(case: Case) -> Iterator[Clue]:
    """Answers or ACKs for us stop at the firewall."""
    lost = [
        each
        for each in case.signals
        if case.never_came_in(each) and each.message.method != "INVITE" and each.time_s < case.signals[-1].time_s
    ]
    kept = [each for each in lost if each.code or each.message.method in ("ACK", "BYE", "UPDATE")]
    if kept:
        yield Clue(
            0.75,
            f"{kept[0].message.start} of {kept[0].source} comes to the firewall and not through it.",
            (of(kept[0], "not seen inside"),),
        )


@rule("nat", "router.output", "A16")
def kept_in(case: Case) -> Iterator[Clue]:
    """What we send is seen inside and not outside."""
    if case.inside is None:
        return
    outside = next(point for point in case.trace.capture.points if point != case.inside)
    sent = [each for each in case.signals if each.by_pbx and each.target in case.trunks]
    lost = [each for each in sent if each.points == {case.inside} and case.recorded(outside, each.time_s)]
    if len(lost) > 1:
        gone = {each.target for each in sent if outside in each.points} - {each.target for each in lost}
        yield Clue(
            0.3 if gone else 0.85,  # others get out, so the way is open and nobody has this address
            f"{lost[0].message.start} to {lost[0].target} does not leave the network.",
            (of(lost[0], "not seen outside"),),
        )


@rule("nat", "router.alg", "H07")
def rewritten(case: Case) -> Iterator[Clue]:
    """The same message says different things on both sides of the router."""
    for signal in case.signals:
        if len({each.message.data for each in signal.sightings}) > 1:
            one, other = (each.message.data.decode("utf-8", "replace").splitlines() for each in signal.sightings[:2])
            changed = next(
                (f"{a!r} became {b!r}" for a, b in zip(one, other, strict=False) if a != b), "the body differs"
            )
            yield Clue(0.95, f"The router rewrites SIP on its way (SIP ALG): {changed}.", (of(signal, changed),))
            return


@rule("signalling", "transport.bind", "J09")
def nobody_listens(case: Case) -> Iterator[Clue]:
    """A request for the PBX comes back as an ICMP error: nobody listens at that port of its host."""
    for each in case.signals if case.returned else ():
        arrived = case.inside in each.points or private(each.target)  # else a firewall may have sent it back
        if each.to_pbx and not each.code and arrived and each.key in case.returned:
            says = (
                f"{each.source} sends to port {each.message.dst_port}, and the PBX's host answers that nobody listens."
            )
            yield Clue(0.8, says, (of(each, "port unreachable"),), next="pjsip show transports; ss -lun")
            return


@rule("signalling", "transport.bind", "J09")
def not_reloaded(case: Case) -> Iterator[Clue]:
    """A transport was changed and a reload does not take that in."""
    wanted = {host_port(each.get("bind") or "")[1] for each in case.settings.objects("transport")} - {0}
    used = {each.message.src_port for each in case.signals if each.by_pbx}
    if used and wanted - used and not used <= wanted:
        says = "Protocol and bind of a transport are taken in by a restart only; the old ones are still in use."
        seen = Evidence("message", f"the PBX sends from port {', '.join(map(str, sorted(used)))}")
        binds = tuple(cited(each, "bind") for each in case.settings.objects("transport"))
        said = logged(case.logged(r"Transport '([^']*)' is not fully reloadable"))
        yield Clue(0.9, says, (seen, *binds, *said), next="core restart now")


def host_port(bind: str) -> tuple[str, int]:
    """Host and port of a `bind`; port 5060 where it names none."""
    host, _, port = bind.rpartition(":") if bind.count(":") == 1 else (bind, "", "")
    return host, int(port) if port.isdigit() else 5060 if bind else 0
