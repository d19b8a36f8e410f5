"""The stage between a lab and whoever asks it: the lab answers, its answers are kept as takes, or takes answer.

All that takes time on a lab, and all that only it can know, passes `ask`. An answer belongs to the state of the lab:
what broke it, the files that its Asterisk has read, the provider's rules, the phones' settings, the line, the calls
that are up. The same question in another state is another one, so an edit is never judged by guess.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import astuple, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from labkit import errors
from labkit.errors import LabError
from labkit.lab import takes
from labkit.lab.takes import Reel, Take
from labkit.trace.capture import Capture

if TYPE_CHECKING:
    from labkit.lab.config import ConfigFiles

VARIABLE = "LABKIT_TAKES"
"""Environment variable that names a folder where takes are kept."""

T = TypeVar("T")
Change = tuple[str, object]
"""What of a lab is changed, and to what; None for as it was."""


class Clock(Protocol):
    """The part of the module `time` that a lesson uses."""

    def sleep(self, seconds: float, /) -> None:
        """Let time pass."""

    def monotonic(self) -> float:
        """Seconds."""

    def time_ns(self) -> int:
        """Nanoseconds since 1970."""


Put = Callable[[Path], str]
"""Keeps a capture file; gives its name."""
Get = Callable[[str], Path]
"""Gives the capture file of that name."""


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How an answer is written as what JSON can hold, and read again."""

    write: Callable[[T, Put], Any]
    read: Callable[[Any, Get], T]


PLAIN: Form[Any] = Form(lambda value, put: value, lambda plain, get: plain)
"""Of what JSON can hold itself."""


def written(capture: Capture | None, put: Put) -> dict[str, Any] | None:
    """A capture as JSON can hold it."""
    if capture is None:
        return None
    return {"points": {point: put(path) for point, path in capture.points.items()}, "names": dict(capture.names)}


def capture(plain: Mapping[str, Any] | None, get: Get) -> Capture | None:
    """What `written` wrote."""
    if plain is None:
        return None
    return Capture({point: get(name) for point, name in plain["points"].items()}, plain["names"])


class Live:
    """The lab answers, and nothing is kept."""

    clock: Clock = time
    """What a lesson waits by."""

    @property
    def changed(self) -> bool:
        """Whether something was changed that stands in no file of the lab; unknown to a live one."""
        return False

    def ask(
        self,
        question: Sequence[object],
        live: Callable[[], T],
        form: Form[T] = PLAIN,
        *,
        takes_time: bool = False,
        change: Change | None = None,
    ) -> T:
        """The answer to a question, which `live` gets from the lab.

        `takes_time`: each time it is asked is another one, as with a call. `change`: what it changes of the lab.
        """
        return live()

    def begin(self, config: ConfigFiles, *scene: object) -> None:
        """Note that the lab is in order again but for what a scenario, with a seed, did to it."""

    def load(self, config: ConfigFiles) -> None:
        """Note that Asterisk reads the files as they are."""

    def quietly(self) -> AbstractContextManager[None]:
        """What is asked in this block belongs to one answer, or to none."""
        return nullcontext()

    def play(self, first_cell: str) -> None:
        """Note that the lesson with this first cell is to be played."""


class Staged(Live):
    """Keeps account of the state that the lab is in."""

    def __init__(self, folder: Path) -> None:
        """Speak of the lab in this folder, as its last stage left it."""
        self._path = folder / "stage.json"
        self._now: dict[str, Any] = {"scene": [], "files": {}, "changes": {}}
        if self._path.exists():
            self._now = json.loads(self._path.read_text())
        self._visits: Counter[str] = Counter()
        self._turns: Counter[str] = Counter()
        self._last = self.state = ""
        self._enter(anew=True)

    @property
    def changed(self) -> bool:
        """Whether something was changed that stands in no file of the lab."""
        return bool(self._now["changes"])

    def begin(self, config: ConfigFiles, *scene: object) -> None:
        """Forget all changes."""
        self._now = {"scene": list(scene), "files": _edited(config), "changes": {}}
        self._enter(anew=True)

    def load(self, config: ConfigFiles) -> None:
        """Note the files."""
        self._now["files"] = _edited(config)
        self._enter()

    def _change(self, what: str, value: object) -> None:
        """The newest change comes last, and takes the place of an older one of the same."""
        self._now["changes"].pop(what, None)
        if value is not None:
            self._now["changes"][what] = value
        self._enter()

    def _enter(self, anew: bool = False) -> None:
        text = json.dumps(self._now)
        state = hashlib.sha256(text.encode()).hexdigest()[:16]
        if anew or state != self.state:
            self.state, self._last = state, ""
            self._visits[state] += 1
            self._turns.clear()
            if self._path.parent.exists():
                self._path.write_text(text)

    def _moment(self, question: Sequence[object], takes_time: bool) -> Take:
        """A take without an answer for what is asked now."""
        asked = json.dumps(question)
        turn = str(self._turns[asked]) if takes_time else self._last
        return Take(self.state, asked, self._visits[self.state], turn, None)

    def _asked(self, take: Take, takes_time: bool) -> None:
        """Note what is being done."""
        if takes_time:
            self._turns[take.question] += 1
            self._last = f"{take.question} {take.turn}"

    def _done(self, take: Take, change: Change | None) -> None:
        """Note what was changed, where it was not refused."""
        if change and "gave" in take.answer:
            self._change(*change)


def _edited(config: ConfigFiles) -> dict[str, str]:
    """A digest of each file that differs from the healthy lab's; of one that was removed, nothing."""
    now = dict(config)
    return {name: takes.digest(now[name]) if name in now else "" for name in config.changed()}


class Keeping(Staged):
    """The lab answers, and its answers are kept in a folder."""

    def __init__(self, folder: Path, kept: Path) -> None:
        """Keep the takes of the lab in a folder in another one."""
        super().__init__(folder)
        self._kept = kept
        self.quiet = 0
        """How many blocks keep nothing just now."""
        self.clock = KeptClock(self, waits=True)

    def load(self, config: ConfigFiles) -> None:
        """Note the files."""
        if not self.quiet:
            super().load(config)

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Keep nothing in this block."""
        self.quiet += 1
        try:
            yield
        finally:
            self.quiet -= 1

    def ask(
        self,
        question: Sequence[object],
        live: Callable[[], T],
        form: Form[T] = PLAIN,
        *,
        takes_time: bool = False,
        change: Change | None = None,
    ) -> T:
        """The lab's answer; what it refuses is one too."""
        if self.quiet:
            return live()
        keep = self.opened(question, takes_time, change)
        try:
            with self.quietly():
                value = live()
        except LabError as why:
            facts = {name: fact for name, fact in why.facts.items() if isinstance(fact, (str, int, float, list))}
            keep({"raised": [type(why).__name__, str(why), facts]})
            raise
        keep({"gave": form.write(value, self.put)})
        return value

    def opened(
        self, question: Sequence[object], takes_time: bool = False, change: Change | None = None
    ) -> Callable[[Any], None]:
        """What keeps the answer to a question that is asked now and answered later."""
        if self.quiet:
            return lambda answer: None
        moment = self._moment(question, takes_time)
        self._asked(moment, takes_time)

        def keep(answer: Any) -> None:
            take = replace(moment, answer=answer)
            with (self._kept / takes.LOOSE).open("a") as file:
                file.write(f"{json.dumps(astuple(take))}\n")
            self._done(take, change)

        return keep

    def put(self, path: Path) -> str:
        """Keep a capture; gives its name."""
        data = path.read_bytes()
        name = f"{hashlib.sha256(data).hexdigest()[:16]}.pcap"
        (self._kept / name).write_bytes(data)
        return name


class Prompted(Staged):
    """Takes answer, and where there is none, what else was recorded of the lab."""

    def __init__(self, folder: Path) -> None:
        """Answer for the lab in this folder."""
        super().__init__(folder)
        self._folder = folder / "captures"
        self._lessons: list[str] = []
        self.clock = KeptClock(self, waits=False)

    def play(self, first_cell: str) -> None:
        """Answer by the takes of that lesson; by those of all lessons where it is none of them."""
        self._lessons = takes.begun_by(first_cell)

    def ask(
        self,
        question: Sequence[object],
        live: Callable[[], T],
        form: Form[T] = PLAIN,
        *,
        takes_time: bool = False,
        change: Change | None = None,
    ) -> T:
        """The recorded answer; where there is none, what `live` makes of it."""
        wanted = self._moment(question, takes_time)
        reels = [takes.reel(lesson) for lesson in self._lessons or takes.lessons()]
        found = [(take, reel) for reel in reels if (take := reel.best(wanted, anywhere=change is not None))]
        if not found:
            return live()
        take, reel = max(found, key=lambda each: wanted.nearness(each[0]))
        self._asked(take, takes_time)
        self._done(take, change)
        return form.read(_gave(take), partial(self._get, reel))

    def _get(self, reel: Reel, name: str) -> Path:
        path = self._folder / f"take-{name}"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(reel.captures[name])
        return path


def _gave(take: Take) -> Any:
    """What was answered; what was refused is refused again."""
    if "raised" in take.answer:
        kind, message, facts = take.answer["raised"]
        raise getattr(errors, kind)(message, **facts)
    return take.answer["gave"]


class KeptClock:
    """A clock that shows the time of the recording, where that is replayed, and lets nobody wait then."""

    def __init__(self, stage: Live, waits: bool) -> None:
        """Show the time on this stage."""
        self._stage = stage
        self._waits = waits
        self._ahead_s = 0.0

    def sleep(self, seconds: float) -> None:
        """Wait, or be later at once."""
        if self._waits:
            time.sleep(seconds)
        else:
            self._ahead_s += seconds

    def monotonic(self) -> float:
        """Seconds."""
        return time.monotonic() + self._ahead_s

    def time_ns(self) -> int:
        """Nanoseconds since 1970."""
        return self._stage.ask(["time"], time.time_ns, takes_time=True)


LIVE = Live()


def of(folder: Path, replayed: bool) -> Live:
    """The stage of the lab in a folder."""
    if replayed:
        return _prompted(folder)
    kept = os.environ.get(VARIABLE)
    return _keeping(folder, Path(kept)) if kept else LIVE


_keeping = cache(Keeping)
_prompted = cache(Prompted)
