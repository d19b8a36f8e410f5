"""A broken trunk as data: what is changed, which calls show it, what is seen, what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Apply = Literal["nothing", "reload", "restart"]
STRENGTH: tuple[Apply, ...] = ("nothing", "reload", "restart")
"""Ways to make a change count, the strongest last."""

REGISTRATIONS = "registrations"
"""What stands in place of a policy's name where the provider is to forget its registrations."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: exactly one of `file`, `provider`, `portal`, `phone`, `impair`, `asterisk` says of what."""

    file: str = ""
    """A file of lab-env: `pbx/...` or `router/...`."""
    old: str = ""
    """Text that stands there exactly once."""
    new: str = ""
    """What comes in its place."""
    append: str = ""
    """Text that is added at the end instead."""
    provider: str = ""
    """Dotted name of a value of the provider's policy; `registrations` (without a value) makes it forget them."""
    portal: str = ""
    """`allow` or `verify`: what a customer may set for `trunk`."""
    trunk: str = ""
    """The trunk of `portal`."""
    value: Any = None
    """The value of `provider` or `portal`."""
    phone: str = ""
    """A phone's extension or host name."""
    do: Literal["", "register", "unregister"] = ""
    """What that phone does."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Settings of that phone (`labkit.phone.settings.Behaviour`)."""
    impair: Mapping[str, Any] | None = None
    """Figures of `Lab.impair`."""
    asterisk: str = ""
    """A command of Asterisk's command line that is given."""
    apply: Apply = "reload"
    """How a change of `pbx/` files is made to count; the strongest of a list does."""
    wait_s: float = 0.0
    """Seconds to wait after it."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A tempting change that does not help."""

    why: str
    """The thought behind it."""
    reply: str
    """What is said to it."""
    change: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What each end of a call hears."""

    near: Literal["", "tone", "nothing"] = ""
    """The caller: the other's tone, or nothing at all."""
    far: Literal["", "tone", "nothing"] = ""
    """The called party."""


@dataclass(frozen=True, slots=True)
class PacketTime:
    """Audio in each RTP packet that an end of a call receives, in ms; 0 is not asked."""

    near: float = 0.0
    """The caller."""
    far: float = 0.0
    """The called party."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a call must show; what is not given is not asked."""

    answered: bool | None = None
    status: tuple[int, ...] = ()
    """Final status, one of these; 0 for none before the caller gave up."""
    at: str = ""
    """Host that was reached: phone-1001, phone-1002, provider; `nobody` where none may be."""
    presented: str | None = None
    """Number that the called side was shown; empty for withheld."""
    provisional: tuple[int, ...] = ()
    """Responses from 101 to 199 that the caller got, in this order: 180 for ringing, 180 and 183 ..."""
    ringback: bool | None = None
    """Whether the caller has something to hear while it rings: a 180 and no 183 after it, or RTP before the answer."""
    both_ways: bool | None = None
    """RTP of the whole call in each direction, at most 2 % lost; false: less in one at least."""
    packet_ms: PacketTime = field(default_factory=PacketTime)
    tone: bool | None = None
    """Each end hears the tone that the other plays."""
    keys: str | None = None
    """DTMF that the far end recognised."""
    lasts_s: float = 0.0
    """Still up so long after the answer."""
    max_lasts_s: float = 0.0
    """Ended by itself at most so long after the answer; 0 for no limit."""
    heard: Heard = field(default_factory=Heard)


@dataclass(frozen=True, slots=True)
class CallPlan:
    """A call to place."""

    name: str
    by: str
    """`+1555...`, or `tel:1001` for a number without a plus: from the PSTN, by the provider; else the host
    `phone-1001`, `phone-1002` or `stranger`."""
    to: str
    """What is dialled."""
    hold_s: float = 1.0
    """Seconds to stay on it."""
    ring_s: float = 2.0
    """Seconds to wait for a final answer."""
    wait_s: float = 0.0
    """Seconds before it is placed."""
    keys: str = ""
    """Keys that the caller presses once it is up."""
    good: Expected = field(default_factory=Expected)
    """What a healthy lab shows."""
    bad: Expected | None = None
    """What the broken one shows."""

    @property
    def pstn(self) -> str:
        """The number that a caller from the PSTN shows; empty where a host of the lab places the call."""
        return self.by.removeprefix("tel:") if self.by.startswith(("+", "tel:")) else ""


@dataclass(frozen=True, slots=True)
class StatePlan:
    """A state of Asterisk's to look at; the name of a registration or of a contact's AOR."""

    registration: str = ""
    contact: str = ""
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    within_s: float = 2.0
    """How long it may take to get there."""

    @property
    def name(self) -> str:
        """In words: `registration provider`."""
        return f"registration {self.registration}" if self.registration else f"contact {self.contact}"


@dataclass(frozen=True, slots=True)
class Range:
    """At least and at most, both included."""

    least: float = 0.0
    most: float = float("inf")

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.most

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.least:g}"
        return f"{self.least:g}..{'' if self.most == float('inf') else f'{self.most:g}'}"


ONE_OR_MORE = Range(1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something that is found in the broken lab only."""

    kind: Literal["message", "log", "cli", "ami", "sdp", "rtp", "portal"]
    subject: str
    """By kind: `401 to INVITE`, a pattern of lines, a command, an AMI action, offer or answer, `provider to pbx`."""
    says: str = ""
    """What it tells, one sentence for the learner."""
    source: str = ""
    """Host that sent the message (`from`)."""
    to: str = ""
    """Host that got it."""
    matches: str = ""
    """Pattern over the message, the description, the command's output, the field."""
    point: str = ""
    """Point of capture; any where empty."""
    call: str = ""
    """Name of the call it belongs to; anywhere where empty."""
    count: Range = ONE_OR_MORE
    """How often it is found; `0` for absent."""
    level: str = ""
    """Level of the log line."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the AMI action."""
    field: str = ""
    """Name of the AMI field."""
    during: str = ""
    """Name of the call during which the command is given; after all calls where empty."""
    packets: Range | None = None
    """RTP packets of the direction in all."""
    lost_percent: Range | None = None
    payload_type: Range | None = None
    """One that the stream carries, beside others perhaps."""
    jitter_ms: Range | None = None
    codec: str = ""

    @property
    def contrasts(self) -> bool:
        """Whether a healthy lab must not show it; that the log lacks a line tells a fault from its twin only."""
        return not (self.kind == "log" and self.count.most == 0)

    @property
    def command(self) -> str:
        """What the lab is asked to show for it, as a text; empty where nothing is asked."""
        if self.kind == "cli":
            return self.subject
        if self.kind == "ami":
            return " ".join([f"ami {self.subject}", *(f"{key}={value}" for key, value in self.headers.items())])
        return ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the fault."""

    id: str
    text: str
    answer: tuple[str, ...]
    """Right answers."""
    right: str = ""
    """Said to a right one."""
    hints: tuple[str, ...] = ()
    """Opened one by one."""
    wrong: Mapping[str, str] = field(default_factory=dict)
    """Replies to likely wrong answers."""


@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """One broken trunk; as a text only its name, for a notebook shows that to whoever is to find the cause."""

    slug: str
    title: str
    fault: str
    """Number in the catalogue of faults: A01 ... J09."""
    family: str
    layer: str
    """Where the fault is: signalling, sdp, rtp, dialplan, nat, provider."""
    object: str
    """object.option that decides."""
    story: str
    cause: str
    fix: tuple[Change, ...]
    wrong: tuple[Wrong, ...]
    call: tuple[CallPlan, ...] = ()
    state: tuple[StatePlan, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    question: tuple[Question, ...] = ()
    also: tuple[str, ...] = ()
    minutes: int = 10
    level: int = 1
    twin: str = ""
    needs: tuple[str, ...] = ()
    """Capabilities that the runtime must have."""
    clock: str = ""
    """The real time that this scenario shrinks."""
    shrunk: str = ""
    """What it is shrunk to."""
    scene: tuple[Change, ...] = ()
    """True in the healthy, the broken and the mended lab alike."""
    before: tuple[Change, ...] = ()
    """What happens each time before the calls: an outage and its end; it leaves things as they were."""
    broken: tuple[Change, ...] = ()
    """`break` of the file."""
    vary: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Scenario({self.slug!r})"
