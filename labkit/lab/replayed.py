"""A lab that answers from its recordings: calls, verdicts, Asterisk's answers, the provider's view.

A recording answers for the files that it was made with. Once they are edited, only a live lab can tell what they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from labkit.errors import HostError
from labkit.lab.ami import Reply
from labkit.lab.asked import AskedAsterisk
from labkit.lab.asterisk import LogLine
from labkit.lab.calls import Call
from labkit.lab.config import ConfigFiles
from labkit.lab.judging import HEALTHY
from labkit.lab.parties import Parties
from labkit.lab.recording import HEALTHY_NAME, revived
from labkit.lab.session import Session
from labkit.lab.stage import Live
from labkit.phone.client import Phone
from labkit.provider.client import Provider
from labkit.runtime.base import Runtime
from labkit.runtime.replay import needs_a_lab
from labkit.scenario import changes
from labkit.scenario.regression import verdict
from labkit.scenario.run import Run
from labkit.scenario.verdict import Verdict

if TYPE_CHECKING:
    from labkit.lab.lab import Lab


class Replayed:
    """The recording of a lab as its files are now."""

    def __init__(self, lab: Lab) -> None:
        """Replay this lab."""
        self._lab = lab

    @property
    def name(self) -> str:
        """The dataset that tells of the lab as it is; ReplayError where its files were edited."""
        files = dict(self._lab.config)
        if self._lab.stage.changed:
            needs_a_lab("Trying other settings", "\n".join(self._outcomes()))
        for name, texts in self._states():
            if files == {file.removeprefix("pbx/"): text for file, text in texts.items()}:
                return name
        needs_a_lab("Trying edited files", "\n".join(self._outcomes()))

    def _states(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Datasets of this lab, with the files that each was recorded with."""
        healthy, scenario, state = changes.healthy(self._lab.values), self._lab.scenario, self._lab.home.state
        if scenario is None or state is None:
            yield HEALTHY_NAME, healthy
            return
        scene = changes.applied(healthy, scenario.scene)
        broken = changes.applied(scene, scenario.broken)
        if state.broken:
            yield f"{scenario.slug}/broken", broken
        else:
            yield f"{scenario.slug}/fixed", scene
        yield f"{scenario.slug}/fixed", changes.applied(broken, scenario.fix)

    def _outcomes(self) -> Iterator[str]:
        scenario = self._lab.scenario
        for state in ("broken", "fixed") if scenario else ():
            yield f"Recorded {state}: {str(self._judged(f'{self._slug}/{state}')).splitlines()[0]}"

    @property
    def _slug(self) -> str:
        return self._lab.scenario.slug if self._lab.scenario else ""

    @property
    def session(self) -> Session:
        """The answers of that recording."""
        return _revived(self.name)[1]

    @property
    def run(self) -> Run:
        """What was seen while the calls of a verdict were placed."""
        return _revived(self.name)[0]

    def _judged(self, name: str) -> Verdict:
        return verdict(self._lab.scenario or HEALTHY, _revived(name)[0])

    def call(self, caller: str, number: str) -> Call:
        """The recorded call of a caller to a number."""
        calls = self.session.calls
        for call in calls:
            if (_short(call.caller), call.number) == (_short(caller), number):
                return call
        known = ", ".join(f"{call.caller} to {call.number}" for call in calls)
        needs_a_lab(f"A call of {caller} to {number}", f"Recorded as {self.name}: {known}.")


@cache
def _revived(name: str) -> tuple[Run, Session]:
    return revived(name)


def _short(caller: str) -> str:
    return caller.removeprefix("phone-")


class RecordedAsterisk(AskedAsterisk):
    """Asterisk as it answered when it was recorded."""

    def __init__(
        self, runtime: Runtime, values: Mapping[str, str], config: ConfigFiles, stage: Live, replayed: Replayed
    ) -> None:
        """Answer from recordings where no take does."""
        super().__init__(runtime, values, config, stage)
        self.replayed = replayed

    def answer(self, name: str, **headers: str) -> Reply:
        """The recorded reply to an AMI action."""
        session = self.replayed.session
        if name == "Command" and (line := headers["Command"]) in session.commands:
            return Reply({"Response": "Success"}, [], session.commands[line].splitlines())
        asked = " ".join([name, *(f"{key}={value}" for key, value in headers.items())])
        if asked not in session.actions:
            asked = headers.get("Command", asked)
            needs_a_lab(f"`{asked}`", f"Recorded: {', '.join(session.commands)}." if name == "Command" else "")
        reply = session.actions[asked]
        if reply.response.get("Response") == "Error":
            raise HostError(reply.response["Message"], host="pbx", refused=True)
        return reply

    def log(self, levels: tuple[str, ...] = (), since: int = 0) -> list[LogLine]:
        """The recorded lines of the log, of some levels or all."""
        return [line for line in self.replayed.session.log if not levels or line.level in levels]


class RecordedProvider(Provider):
    """The provider as it answered when it was recorded."""

    def __init__(self, replayed: Replayed) -> None:
        """Answer from recordings."""
        self._replayed = replayed
        self.name = "provider"

    def request(self, method: str, timeout_s: float = 10.0, **params: object) -> Any:
        """The recorded answer; ReplayError for what would change something."""
        if params or method not in (answers := self._replayed.session.provider):
            needs_a_lab(f"The provider's {method}")
        return answers[method]

    def close(self) -> None:
        """Nothing is open."""


class RecordedPhone(Phone):
    """A phone that cannot be used."""

    def __init__(self, name: str) -> None:
        """Be the phone of that name."""
        self.name = name

    def request(self, method: str, timeout_s: float = 10.0, **params: object) -> Any:
        """Refuse."""
        needs_a_lab(f"Using {self.name} by hand")

    def close(self) -> None:
        """Nothing is open."""


class RecordedParties(Parties):
    """The provider as recorded, and phones that cannot be used."""

    def __init__(self, runtime: Runtime, values: Mapping[str, str], replayed: Replayed) -> None:
        """Answer from recordings."""
        super().__init__(runtime, values)
        self.replayed = replayed

    @property
    def provider(self) -> Provider:
        """The provider as recorded."""
        return RecordedProvider(self.replayed)

    def phone(self, host: str) -> Phone:
        """A phone that refuses everything."""
        return RecordedPhone(self.named(host))

    def line(self, host: str) -> Phone | Provider:
        """Refuse."""
        needs_a_lab(f"Using {host} by hand")
