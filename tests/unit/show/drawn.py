"""Hand-made sheets: a call through a B2BUA, the same seen on both sides of a NAT, keepalives, sixty messages."""

from __future__ import annotations

from dataclasses import replace

from labkit.show.sheet import Arrow, Column, Detail, Flow, Kind, Leg, Sheet

PHONE, PBX, ROUTER, PROVIDER = "phone-1001", "pbx", "router", "provider"
REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    401: "Unauthorized",
    403: "Forbidden",
    407: "Proxy Authentication Required",
}


def message(time_s: float, source: str, target: str, what: str | int, key: str, **more: object) -> Arrow:
    """One SIP arrow; a number stands for a response."""
    code = what if isinstance(what, int) else None
    label = f"{what} {REASONS[what]}" if isinstance(what, int) else what
    raw = f"{label} of {key}\r\nCall-ID: {key}\r\n\r\n".encode()
    return Arrow(Kind.SIP, source, target, time_s, label, code=code, key=key, raw=raw, **more)  # type: ignore[arg-type]


def media(time_s: float, source: str, target: str, end_s: float, leg: int, lost: int = 0) -> Arrow:
    """RTP both ways."""
    there, back = Flow("PCMU", 150, 0), Flow("PCMU", 150 - lost, lost)
    return Arrow(
        Kind.RTP, source, target, time_s, "RTP PCMU", end_s=end_s, forward=there, backward=back, leg=leg, call=1
    )


def offer(role: str, address: str, port: int) -> tuple[Detail, ...]:
    """An SDP summary."""
    return (Detail(f"{role} PCMU PCMA {address}", port),)


A = {"leg": 0, "call": 1}
B = {"leg": 1, "call": 1}


def call(provider: str = PROVIDER) -> tuple[Arrow, ...]:
    """The messages of one answered call through a B2BUA with a challenge on both legs."""
    return (
        message(0.000, PHONE, PBX, "INVITE", "a1", frame=1, details=offer("offer", "10.10.0.21", 4000), **A),
        message(0.001, PBX, PHONE, 401, "a1", frame=2, **A),
        message(0.002, PHONE, PBX, "ACK", "a1", frame=3, **A),
        message(0.004, PHONE, PBX, "INVITE", "a2", frame=4, details=offer("offer", "10.10.0.21", 4000), **A),
        message(0.006, PBX, PHONE, 100, "a2", frame=5, **A),
        message(0.010, PBX, provider, "INVITE", "b1", frame=6, details=offer("offer", "203.0.113.1", 10034), **B),
        message(0.012, provider, PBX, 407, "b1", frame=7, **B),
        message(0.013, PBX, provider, "ACK", "b1", frame=8, **B),
        message(0.014, PBX, provider, "INVITE", "b2", frame=9, details=offer("offer", "203.0.113.1", 10034), **B),
        message(0.514, PBX, provider, "INVITE", "b2", frame=10, again=True, **B),
        message(0.520, provider, PBX, 100, "b2", frame=11, **B),
        message(0.610, provider, PBX, 180, "b2", frame=12, **B),
        message(0.611, PBX, PHONE, 180, "a2", frame=13, **A),
        message(1.110, provider, PBX, 200, "b2", frame=14, details=offer("answer", "203.0.113.12", 20010), **B),
        message(1.111, PBX, provider, "ACK", "b2-ack", frame=15, **B),
        message(1.112, PBX, PHONE, 200, "a2", frame=16, details=offer("answer", "10.10.0.10", 10032), **A),
        message(1.115, PHONE, PBX, "ACK", "a2-ack", frame=17, **A),
        media(1.120, PHONE, PBX, 4.110, 0),
        media(1.121, PBX, provider, 4.111, 1, lost=2),
        message(4.120, PHONE, PBX, "BYE", "a3", frame=620, **A),
        message(4.121, PBX, PHONE, 200, "a3", frame=621, **A),
        message(4.123, PBX, provider, "BYE", "b3", frame=622, **B),
        message(4.125, provider, PBX, 200, "b3", frame=623, **B),
    )


COLUMNS = (
    Column(PHONE, ("10.10.0.21",)),
    Column(PBX, ("10.10.0.10",)),
    Column(PROVIDER, ("203.0.113.10", "203.0.113.12")),
)
LEGS = (Leg("phone-1001 to pbx"), Leg("pbx to provider", "X-Call-ID names leg a"))


def good_call() -> Sheet:
    """One call out of the lab, captured inside."""
    return Sheet(COLUMNS, call(), LEGS, "Call 1: 1001 calls +15550100, answered, 3.0 s")


def sixty() -> Sheet:
    """Sixty messages and six media arrows."""
    return laps(3, 66)


def laps(count: int, rows: int) -> Sheet:
    """The same call several times, the last without its end."""
    arrows = tuple(shifted(arrow, lap * 6.0, lap) for lap in range(count) for arrow in call())
    return Sheet(COLUMNS, arrows[:rows], LEGS)


def shifted(arrow: Arrow, by_s: float, lap: int) -> Arrow:
    """The same arrow later."""
    end_s = None if arrow.end_s is None else arrow.end_s + by_s
    return replace(arrow, time_s=arrow.time_s + by_s, end_s=end_s, key=f"{arrow.key}-{lap}", call=lap + 1)


def through_nat() -> Sheet:
    """A call captured on both sides of a NAT that rewrites the packet and leaves the SDP as it is."""
    source = Detail("source 10.10.0.10 → 203.0.113.1")
    leak = Detail("SDP still says 10.10.0.10", alarm=True)
    contact = Detail("Contact still says 10.10.0.10", alarm=True)
    nat = {"through": ROUTER, "leg": 0, "call": 1}
    arrows = (
        message(
            0.0, PBX, PROVIDER, "INVITE", "b1", details=offer("offer", "10.10.0.10", 10034),
            changes=(source, contact, leak), **nat,
        ),
        message(0.002, PROVIDER, PBX, 100, "b1", changes=(Detail("target 203.0.113.1 → 10.10.0.10"),), **nat),
        message(0.3, PROVIDER, PBX, 200, "b1", details=offer("answer", "203.0.113.12", 20010), **nat),
        message(0.301, PBX, PROVIDER, "ACK", "b1-ack", **nat),
        Arrow(
            Kind.RTP, PBX, PROVIDER, 0.31, "RTP PCMU", end_s=3.3, through=ROUTER,
            forward=Flow("PCMU", 150, 0), backward=None, leg=0, call=1,
        ),
    )  # fmt: skip
    columns = (
        Column(PBX, ("10.10.0.10",)),
        Column(PROVIDER, ("203.0.113.10",)),
        Column(ROUTER, ("203.0.113.1",), True),
    )
    return Sheet(columns, arrows, (Leg("pbx to provider"),), "Inside and outside of the NAT")


def keepalives(count: int = 8, code_of_last: int = 200) -> Sheet:
    """A registration and OPTIONS every 30 seconds."""
    arrows = []
    for lap in range(count):
        code = code_of_last if lap == count - 1 else 200
        arrows += [
            message(30.0 * lap, PBX, PROVIDER, "OPTIONS", f"o{lap}"),
            message(30.0 * lap + 0.002, PROVIDER, PBX, code, f"o{lap}"),
        ]
    return Sheet(COLUMNS[1:], tuple(arrows))
