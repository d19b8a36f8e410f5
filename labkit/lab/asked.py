"""The lab's parties as a lesson asks them, each question by way of the lab's stage (`labkit.lab.stage`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from labkit.control import ControlClient
from labkit.lab.ami import Reply
from labkit.lab.ari import Ari
from labkit.lab.asterisk import Asterisk, LogLine
from labkit.lab.captures import Recorder
from labkit.lab.config import ConfigFiles
from labkit.lab.stage import Change, Form, Keeping, Live, Prompted, capture, written
from labkit.phone.client import Phone
from labkit.provider.client import Provider
from labkit.runtime.base import Runtime
from labkit.runtime.topology import Topology
from labkit.trace.capture import Capture

_LOOKS = {"calls", "report", "registrations", "portal", "options", "wait", "wait_for_call"}
_RULES = {"set", "allow", "verify", "change", "policy", "login"}
_BINDINGS = {"register", "unregister", "forget_registrations"}
_SHOWS = re.compile(r"Show|List|Status|Get|\b(?:show|list|help|_command)\b")
_QUALIFIES = re.compile(r"qualify", re.IGNORECASE)

REPLY: Form[Reply] = Form(
    lambda reply, put: [reply.response, reply.events, reply.output], lambda plain, get: Reply(*plain)
)
LOG: Form[list[LogLine]] = Form(
    lambda lines, put: [[line.level, line.source, line.text] for line in lines],
    lambda plain, get: [LogLine(*line) for line in plain],
)
CAPTURE: Form[Capture | None] = Form(written, capture)


class AskedAsterisk(Asterisk):
    """Asterisk, whose every answer goes by way of the stage."""

    def __init__(self, runtime: Runtime, values: Mapping[str, str], config: ConfigFiles, stage: Live) -> None:
        """Answer on this stage."""
        super().__init__(runtime, values, config)
        self.stage = stage

    def action(self, name: str, **headers: str) -> Reply:
        """Send an AMI action by way of the stage."""
        asked = headers.get("Command", name)
        looks = bool(_SHOWS.search(asked))
        return self.stage.ask(
            ["ami", name, headers],
            lambda: self.answer(name, **headers),
            REPLY,
            takes_time=not looks,
            change=None if looks else _told(asked, headers),
        )

    def answer(self, name: str, **headers: str) -> Reply:
        """Send an AMI action."""
        return super().action(name, **headers)


def _told(asked: str, headers: Mapping[str, str]) -> Change | None:
    """What changes by a command or an action that does not only show something."""
    if _QUALIFIES.search(asked):
        return None
    return ("registering" if "register" in asked else "asterisk", [asked, *headers.values()])


class AskedAri(Ari):
    """ARI, whose every answer goes by way of the stage."""

    def __init__(self, stage: Live, runtime: Runtime, address: str, password: str) -> None:
        """Answer on this stage."""
        super().__init__(runtime, address, password)
        self.stage = stage

    def get(self, path: str) -> Any:
        """The resource at a path, by way of the stage."""
        return self.stage.ask(["ari", path], lambda: super(AskedAri, self).get(path))


class _Asked(ControlClient):
    """A party whose every request goes by way of the stage."""

    def __init__(self, client: ControlClient, stage: Live) -> None:
        """Speak by way of this client."""
        self._client = client
        self._stage = stage
        self.name = client.name

    def request(self, method: str, timeout_s: float = 10.0, **params: object) -> Any:
        """Call a method and give its result."""
        looks = method in _LOOKS or (method == "policy" and not params)
        return self._stage.ask(
            [self.name, method, params],
            lambda: self._client.request(method, timeout_s, **params),
            takes_time=not looks,
            change=_changed(self.name, method, params),
        )

    def close(self) -> None:
        """Leave the line open, which is the lab's."""


class AskedProvider(_Asked, Provider):
    """The provider."""


class AskedPhone(_Asked, Phone):
    """A phone."""


def _changed(host: str, method: str, params: Mapping[str, object]) -> Change | None:
    """What changes by a request: a rule or setting, who is registered, or which call is up."""
    if method in _BINDINGS:
        return "registering", [host, method, *params.values()]
    if method in ("place", "place_call"):
        return f"{host} is in a call", dict(params)
    if method == "hang_up":
        return f"{host} is in a call", None
    if method in _RULES and params:
        *which, (name, value) = params.items()
        return " ".join([host, method, *(str(each) for _, each in which), name]), value
    return None


def recorder(stage: Live, runtime: Runtime, topology: Topology, points: Iterable[str], title: str) -> Recorder:
    """What records, is recorded as a take, or gives what was recorded."""
    known = (runtime, topology, tuple(points), title)
    if isinstance(stage, Keeping) and not stage.quiet:
        return KeptRecorder(stage, *known)
    return RecordedRecorder(stage, *known) if isinstance(stage, Prompted) else Recorder(*known)


class KeptRecorder(Recorder):
    """Captures that are kept when they end."""

    def __init__(self, stage: Keeping, runtime: Runtime, topology: Topology, points: Sequence[str], title: str) -> None:
        """Keep them on this stage."""
        super().__init__(runtime, topology, points, title)
        self._stage, self._question = stage, ["capture", title, *points]
        self._keep: Callable[[Any], None] = lambda answer: None

    def __enter__(self) -> Self:
        """Start recording."""
        self._keep = self._stage.opened(self._question, takes_time=True)
        return super().__enter__()

    def __exit__(self, *exc: object) -> None:
        """Stop recording."""
        super().__exit__(*exc)
        self._keep({"gave": written(self.capture, self._stage.put)})


class RecordedRecorder(Recorder):
    """Captures that were taken when the lesson was recorded."""

    def __init__(self, stage: Live, runtime: Runtime, topology: Topology, points: Sequence[str], title: str) -> None:
        """Take them from this stage."""
        super().__init__(runtime, topology, points, title)
        self._stage, self._question = stage, ["capture", title, *points]
        self._found: Capture | None = None

    @property
    def capture(self) -> Capture:
        """The files by point, with the hosts' names."""
        return self._found or super().capture

    def __enter__(self) -> Self:
        """Find them; ReplayError where nothing of the kind was recorded."""
        self._found = self._stage.ask(self._question, self._recorded, CAPTURE, takes_time=True)
        return self

    def _recorded(self) -> Capture:
        super().__enter__()
        return super().capture
