"""A lab that does nothing and keeps what was asked of it, word for word as code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from labkit.errors import HostError, LabError
from labkit.lab.status import Status
from labkit.runtime import topology
from labkit.sip.report import CallReport

RUNNING = Status(
    "default", "namespaces", ("capture",), True, "22.10.1", {"provider": "Registered"},
    {"1001": "NonQualified", "provider": "Reachable"},
)  # fmt: skip


def call(
    state: str = "confirmed", direction: str = "outgoing", remote: str = "<sip:+15550100@10.10.0.10>"
) -> CallReport:
    return CallReport(
        "call-7", direction, state, "id", "<sip:1001@10.10.0.10>", remote, "", 200, "OK", "", "", (), {}, "PCMA", {}
    )


class FakeParty:
    """A phone or the provider."""

    def __init__(self, code: str, asked: list[str], calls: list[CallReport]) -> None:
        self._code, self._asked, self._calls = code, asked, calls

    def calls(self) -> list[CallReport]:
        return self._calls

    def portal(self) -> Any:
        return SimpleNamespace(trunks=[SimpleNamespace(numbers=("+442079460000",))])

    def set(self, **changes: Any) -> Any:
        if changes:
            self._asked.append(f"{self._code}.set({written((), changes)})")
        return SimpleNamespace(answer="auto")

    def __getattr__(self, method: str) -> Callable[..., str]:
        def act(*words: Any, **named: Any) -> str:
            self._asked.append(f"{self._code}.{method}({written(words, named)})")
            return "call-7"

        return act


def written(words: Any, named: Any) -> str:
    return ", ".join([*map(repr, words), *(f"{key}={value!r}" for key, value in named.items())])


class FakeLab:
    """What panels use of a lab."""

    name = "default"
    topology = topology.load()

    def __init__(self, folder: Path, calls: list[CallReport] | None = None, trouble: Exception | None = None) -> None:
        self.home = SimpleNamespace(folder=folder, state=None)
        self.asked: list[str] = []
        self._calls = calls or []
        self._trouble = trouble
        self.is_running = True

    def __getattr__(self, method: str) -> Callable[..., None]:
        if method.startswith("_"):
            raise AttributeError(method)

        def act(*words: Any, **named: Any) -> None:
            if self._trouble:
                raise self._trouble
            self.asked.append(f"lab.{method}({written(words, named)})")

        return act

    def running(self) -> FakeLab:
        if not self.is_running:
            raise HostError("The lab 'default' does not run. Start it: labkit up, or Lab().up()")
        return self

    def status(self) -> Status:
        return RUNNING if self.is_running else Status("default", "namespaces", (), False)

    def phone(self, name: str) -> FakeParty:
        return FakeParty(f"lab.phone({name!r})", self.asked, self._calls)

    @property
    def provider(self) -> FakeParty:
        return FakeParty("lab.provider", self.asked, self._calls)

    def close(self) -> None:
        """Nothing is open."""


def same_code(twin: str) -> str:
    """A line of code as the fake lab writes what it was asked."""
    return twin.replace('"', "'")


__all__ = ["FakeLab", "LabError", "call", "same_code"]
