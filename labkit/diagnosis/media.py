"""Rules about media: who sends where, what comes through, what it was told to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.diagnosis.attempt import Attempt
from labkit.diagnosis.case import LONG_ENOUGH_S, SOME_PACKETS, Case, logged
from labkit.diagnosis.finding import Clue, Evidence, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited, yes
from labkit.diagnosis.signals import Signal
from labkit.trace.nat import private

_LOSSY = 0.02

Row = dict[str, Any]


def _audio(signal: Signal) -> tuple[str, int]:
    """Where a message's description wants audio; port 0 where it has none."""
    return next((each.endpoint for each in signal.facts.media if each.media.kind == "audio"), ("", 0))


def as_evidence(row: Row) -> Evidence:
    """A stream as evidence."""
    way = f"{row['src']}:{row['src_port']} to {row['dst']}:{row['dst_port']}"
    return Evidence("rtp", f"{way}, {row['packets']} packets of {row['codec']}", row["point"])


@rule("nat", "transport.external_media_address", "D01", "D03")
def private_media_address(case: Case) -> Iterator[Clue]:
    """Our description names a private address to a host that cannot reach it."""
    for attempt in case.attempts:
        for signal in attempt.described:
            address, port = _audio(signal)
            if signal.by_pbx and port and private(address) and not private(signal.target):
                transports = list(case.settings.objects("transport"))
                unset = [each for each in transports if not each.get("external_media_address")]
                settings = tuple(cited(each, "external_media_address") for each in unset[:1])
                place = "transport.local_net" if transports and not unset else ""
                if place:
                    settings = tuple(cited(each, "local_net") for each in transports[:1])
                yield Clue(
                    0.92,
                    f"We ask {signal.target} to send RTP to {address}, which it cannot reach.",
                    (of(signal, signal.facts.sdp, "sdp"), *settings),
                    place,
                )
                return


@rule("nat", "transport.external_media_address", "D03")
def stale_public_address(case: Case) -> Iterator[Clue]:
    """Our description names a public address that is not the one we are seen from."""
    seen = {each for each in case.pbx if not private(each)}
    for attempt in case.attempts:
        for signal in attempt.described:
            address, port = _audio(signal)
            if (
                signal.by_pbx
                and port
                and seen
                and not private(address)
                and address not in seen
                and not private(signal.target)
            ):
                yield Clue(
                    0.9,
                    f"We are seen from {', '.join(sorted(seen))} and ask for RTP at {address}.",
                    (
                        of(signal, signal.facts.sdp, "sdp"),
                        *(cited(each, "external_media_address") for each in case.settings.objects("transport")),
                    ),
                )
                return


@rule("nat", "transport.local_net", "D04")
def public_address_to_phone(case: Case) -> Iterator[Clue]:
    """A phone on our own network is told to send RTP to the public address."""
    for attempt in case.attempts:
        for signal in attempt.described:
            address, port = _audio(signal)
            if signal.by_pbx and port and attempt.role == "phone" and private(signal.target) and not private(address):
                transports = list(case.settings.objects("transport"))
                yield Clue(
                    0.92,
                    f"{signal.target} is on our own network and is told {address}: local_net does not cover it.",
                    (of(signal, signal.facts.sdp, "sdp"), *(cited(each, "local_net") for each in transports[:1])),
                )
                return


@rule("nat", "endpoint.rtp_symmetric", "D05")
def sent_to_where_nobody_is(case: Case) -> Iterator[Clue]:
    """The peer's description names an address from which it does not send and where we cannot reach it."""
    for attempt in case.answered:
        told = [end for each in attempt.described if each.to_pbx and (end := _audio(each))[1]]
        if not told:
            continue
        address, port = told[-1]
        sent = case.media_of(attempt, to_pbx=False)
        coming = [row for row in case.media_of(attempt, to_pbx=True) if row["src"] != address]
        going = [row for row in sent if row["dst"] == address]
        unreachable = private(address) and (not private(attempt.peer) or attempt.role != "phone")
        if {row["src"] for row in coming} & {row["dst"] for row in sent}:
            continue  # we went over to where its media comes from
        if coming and going and (unreachable or attempt.role == "phone"):
            endpoint = case.settings.endpoint_at(attempt.peer)
            if yes(endpoint, "rtp_symmetric"):
                continue
            settings = (cited(endpoint, "rtp_symmetric"),) if endpoint else ()
            yield Clue(
                0.85,
                f"The peer says {address}:{port} and sends from {coming[0]['src']}: it is behind a NAT, "
                "and our RTP goes to the address it said.",
                (as_evidence(going[0]), as_evidence(coming[0]), *settings),
            )
            return
        if going and unreachable:
            yield Clue(
                0.7,
                f"The peer asks for RTP at {address}, which nobody outside of its network reaches.",
                (as_evidence(going[0]),),
            )
            return


@rule("nat", "endpoint.direct_media", "D06")
def media_goes_past_us(case: Case) -> Iterator[Clue]:
    """A re-INVITE of ours tells one party to send to the other directly, across the NAT."""
    for attempt in case.attempts:
        for signal in attempt.requests("INVITE", "UPDATE")[1:]:
            address, port = _audio(signal)
            if (
                signal.by_pbx
                and port
                and address not in case.pbx
                and address in (case.phones | case.trunks | case.media_hosts)
            ):
                endpoints = [
                    each for each in case.settings.objects("endpoint") if each.get("direct_media") in (None, "yes")
                ]
                crossing = private(address) != private(signal.target)
                yield Clue(
                    0.93 if crossing else 0.45,
                    f"After the answer we tell {signal.target} to send to {address} directly.",
                    (of(signal, signal.facts.sdp, "sdp"), *(cited(each, "direct_media") for each in endpoints[:1])),
                )
                return


@rule("nat", "router.forward", "D02", "D13")
def media_dropped_on_the_way(case: Case) -> Iterator[Clue]:
    """RTP for us comes to the firewall and does not pass it."""
    for row in case.media_to_pbx_lost_on_the_way():
        if row["packets"] < SOME_PACKETS:
            continue
        low, high = _rtp_range(case)
        outside_range = bool(low) and not low <= row["dst_port"] <= high
        elsewhere = row["src"] not in case.trunks
        says = f"RTP from {row['src']} to port {row['dst_port']} is seen outside of the firewall and not inside."
        if elsewhere:
            says += " It comes from another host than the signalling: the rules may allow only the SIP addresses."
        yield Clue(
            0.93,
            says,
            (as_evidence(row),),
            next="Compare the firewall's rules with rtp.conf and with the provider's media addresses.",
        )
        yield Clue(
            0.6 if not elsewhere else 0.3,
            "The RTP ports of rtp.conf and those that the firewall lets in may differ.",
            (as_evidence(row), *((cited(case.settings.general("rtp.conf"), "rtpstart"),) if case.settings else ())),
            "rtp.rtpstart",
            layer="nat" if not outside_range else "rtp",
        )
        return


def _rtp_range(case: Case) -> tuple[int, int]:
    general = case.settings.general("rtp.conf")
    try:
        return int(general.get("rtpstart") or 0), int(general.get("rtpend") or 0)
    except ValueError:
        return 0, 0


@rule("rtp", "rtp.strictrtp", "D07")
def source_moved(case: Case) -> Iterator[Clue]:
    """The peer's media changes its source in the middle of a call."""
    for attempt in case.answered:
        rows = sorted(case.media_of(attempt, to_pbx=True), key=lambda row: row["first_s"])
        sources = list(dict.fromkeys((row["src"], row["src_port"]) for row in rows))
        if len(sources) > 1 and not _passed_on(case, attempt, rows[-1]):
            said = case.logged(r"[Ss]trict RTP|dropping due to strict")
            general = case.settings.general("rtp.conf")
            if general.get("strictrtp") and not yes(general, "strictrtp") and general.get("strictrtp") != "seqno":
                continue
            settings = (cited(general, "strictrtp"),) if case.settings else ()
            yield Clue(
                0.85,
                f"Media came from {sources[0][0]}:{sources[0][1]} and then from "
                f"{sources[1][0]}:{sources[1][1]}; strict RTP listens to the first only.",
                (as_evidence(rows[0]), as_evidence(rows[-1]), *logged(said), *settings),
            )
            return


def _passed_on(case: Case, attempt: Attempt, row: Row) -> bool:
    """Whether the PBX sends on another leg of the call until the last packet of a stream that comes in."""
    rows = (each for other in case.others_of(attempt) for each in case.streams_of(other))
    own = (each for each in rows if each["src"] in case.pbx)
    return any(each["first_s"] <= row["first_s"] and _end_s(each) > _end_s(row) - LONG_ENOUGH_S for each in own)


@rule("rtp", "provider.media", "D01", "A16")
def peer_sends_nothing(case: Case) -> Iterator[Clue]:
    """A call is up and no media comes from the other side, not even to the firewall."""
    for attempt in case.answered:
        if (
            attempt.up_s < 1.0
            or case.media_of(attempt, to_pbx=True)
            or not any(_audio(each)[1] for each in attempt.described if each.to_pbx)
        ):
            continue
        if any(row["dst"] in case.pbx for row in case.streams_of(attempt)) or attempt.role == "phone":
            continue
        ours = [_audio(each) for each in attempt.described if each.by_pbx and _audio(each)[1]]
        wrong = any(private(address) and not private(attempt.peer) for address, _ in ours)
        yield Clue(
            0.3 if wrong else 0.6,
            f"{attempt.peer} was told {ours[-1][0]}:{ours[-1][1]} and sends nothing there."
            if ours
            else "No media comes.",
            (of(attempt.answer or attempt.invite), Evidence("absence", f"no RTP from {attempt.peer} to the PBX")),
            next="If the address in our description is right, ask the provider where it sends.",
        )
        return


@rule("rtp", "provider.media", "D01")
def media_late_or_cut(case: Case) -> Iterator[Clue]:
    """Media begins long after the answer or ends long before the call."""
    for attempt in case.answered:
        rows = case.media_of(attempt, to_pbx=True)
        if not rows or attempt.answer is None:
            continue
        first, last = min(rows, key=lambda row: row["first_s"]), max(rows, key=_end_s)
        late_s = first["first_s"] - attempt.answer.time_s
        early_s = (attempt.bye.time_s if attempt.bye else _end_s(last)) - _end_s(last)
        if late_s > 1.0:
            says = f"Media of {attempt.peer} begins {late_s:.1f} s after the answer."
            yield Clue(0.6, says, (as_evidence(first),))
            return
        if early_s > 1.0:
            yield Clue(0.5, f"Media of {attempt.peer} ends {early_s:.1f} s before the call.", (as_evidence(last),))
            return


def _end_s(row: Row) -> float:
    return float(row["first_s"] + row["duration_s"])


@rule("rtp", "endpoint.allow", "D11")
def unknown_payload_type(case: Case) -> Iterator[Clue]:
    """Packets carry a payload type that was never agreed on."""
    for row in case.streams:
        wrong = sorted(set(row["payload_types"]) - set(row["negotiated"] or ()) - {13, 19})
        if row["negotiated"] and wrong and row["packets"] >= SOME_PACKETS and row["dst"] in case.pbx:
            yield Clue(
                0.85,
                f"RTP arrives with payload type {', '.join(map(str, wrong))}; agreed were "
                f"{', '.join(map(str, row['negotiated']))}.",
                (as_evidence(row),),
                "provider.payload_type",
            )
            return


@rule("rtp", "endpoint.suppress_moh_on_sendonly", "D15")
def comfort_noise(case: Case) -> Iterator[Clue]:
    """The peer stops sending speech and sends comfort noise (payload type 13)."""
    for row in case.streams:
        if 13 in row["payload_types"] and row["dst"] in case.pbx:
            said = case.logged(r"[Cc]omfort noise support")
            yield Clue(
                0.8,
                "The other side suppresses silence and sends comfort noise, which Asterisk hardly supports.",
                (as_evidence(row), *logged(said)),
                "provider.silence_suppression",
            )
            return


@rule("nat", "router.limit", "D14")
def lost_in_the_router(case: Case) -> Iterator[Clue]:
    """A stream is whole outside of the router and has holes inside."""
    if case.inside is None:
        return
    outside = {row["stream"]: row for row in case.streams if row["point"] != case.inside}
    for row in case.streams:
        before = outside.get(row["stream"])
        whole = before is not None and before["lost"] <= _LOSSY * before["expected"]
        if before and whole and row["dst"] in case.pbx and row["lost"] > 3 * _LOSSY * row["expected"]:
            says = f"{row['lost']} of {row['expected']} packets are lost between the two points: the router drops them."
            yield Clue(0.9, says, (as_evidence(row), as_evidence(before)))
            return


@rule("rtp", "network.loss", "D14")
def bad_network(case: Case) -> Iterator[Clue]:
    """Packets are lost on the way, or come at very uneven times."""
    rows = [row for row in case.streams if row["packets"] >= 2 * SOME_PACKETS and row["dst"] in case.pbx]
    lossy = [row for row in rows if row["expected"] and row["lost"] / row["expected"] > _LOSSY]
    if lossy:
        worst = max(lossy, key=lambda row: row["lost"] / row["expected"])
        yield Clue(
            0.75,
            f"{worst['lost']} of {worst['expected']} packets from {worst['src']} are lost before {worst['point']}.",
            (as_evidence(worst),),
        )
    shaken = [row for row in rows if (row["jitter_max_ms"] or 0) > 40]
    if shaken and not lossy:
        worst = max(shaken, key=lambda row: row["jitter_max_ms"])
        yield Clue(
            0.5,
            f"Jitter reaches {worst['jitter_max_ms']:.0f} ms from {worst['src']}.",
            (as_evidence(worst),),
            "network.jitter",
        )


@rule("rtp", "endpoint.rtp_timeout", "D12")
def cut_for_silence(case: Case) -> Iterator[Clue]:
    """Asterisk hangs up because no RTP came for a time."""
    said = case.logged(r"for lack of audio RTP activity in (\d+) seconds")
    if said:
        yield Clue(
            0.95,
            f"Asterisk hung up after {said[0][1]} s without RTP; the silence itself is what must be explained.",
            logged(said),
        )


@rule("rtp", "endpoint.media_encryption", "I03")
def undecipherable(case: Case) -> Iterator[Clue]:
    """SRTP packets do not fit the key."""
    said = case.logged(r"SRTP unprotect failed")
    if said:
        yield Clue(0.9, "SRTP arrives that the negotiated key does not open.", logged(said))


@rule("sdp", "endpoint.moh_suggest", "D10")
def put_on_hold(case: Case) -> Iterator[Clue]:
    """The other side puts the call on hold and never takes it back."""
    for attempt in case.answered:
        held = [
            each
            for each in attempt.described
            if each.to_pbx
            and not each.code
            and any(one.session.direction(one.media) in ("sendonly", "inactive") for one in each.facts.media)
        ]
        back = [
            each
            for each in attempt.described
            if held
            and each.to_pbx
            and each.time_s > held[-1].time_s
            and any(one.session.direction(one.media) == "sendrecv" for one in each.facts.media)
        ]
        if held and not back:
            yield Clue(
                0.5,
                "The other side holds the call (sendonly or inactive) and does not resume it.",
                (of(held[-1], held[-1].facts.sdp, "sdp"),),
            )
            return
