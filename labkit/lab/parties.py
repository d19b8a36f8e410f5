"""Everybody but the PBX: the provider and the agents' phones, as programs in their hosts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TypeVar

from labkit.control import ControlClient
from labkit.errors import HostError
from labkit.phone.client import Phone
from labkit.provider.client import Provider
from labkit.runtime.base import Runtime
from labkit.runtime.topology import lab_env
from labkit.scenario.values import render
from labkit.sip.report import CallReport

PROVIDER = "provider"
"""The host that is the provider."""

PHONES = ("phone-1001", "phone-1002")
"""The hosts that are phones."""

_LOOK_EACH = 30
_Client = TypeVar("_Client", bound=ControlClient)


class Parties:
    """The provider and the phones of one lab."""

    def __init__(self, runtime: Runtime, values: Mapping[str, str]) -> None:
        """Speak of the parties in this runtime, whether they run or not."""
        self._runtime = runtime
        self._values = values
        self._clients: dict[str, ControlClient] = {}

    def start(self) -> None:
        """Start the programs; each answers a moment later."""
        policy = self._runtime.folder / "provider/policy.toml"
        policy.parent.mkdir(exist_ok=True)
        template = lab_env() / "provider/healthy.toml"
        policy.write_text(render(template.read_text(), self._values, "provider/healthy.toml"))
        with ThreadPoolExecutor() as pool:
            started = [pool.submit(self._program, PROVIDER, "labkit.provider", policy="provider/policy.toml")]
            started += [pool.submit(self._phone, host) for host in PHONES]
            for one in started:
                one.result()

    def _phone(self, host: str) -> None:
        self._program(
            host,
            "labkit.phone",
            user=host.removeprefix("phone-"),
            password=self._values[f"{host}.password"],
            bind=self._values[host],
            registrar=self._values["pbx"],
        )

    def _program(self, host: str, module: str, **options: str) -> None:
        words = [f"--{name}={value}" for name, value in options.items()]
        self._runtime.start(host, host, ["-m", module, *words, f"--control={self.control(host)}"], own_tools=False)

    def control(self, host: str) -> str:
        """Path of a party's control socket, as the party sees it."""
        return f"{self._runtime.sockets}/{host}.sock"

    @property
    def provider(self) -> Provider:
        """The provider, as its operator controls it."""
        return self._client(PROVIDER, Provider)

    def phone(self, host: str) -> Phone:
        """A phone by its host's name or its extension."""
        return self._client(self.named(host), Phone)

    def named(self, host: str) -> str:
        """The name of a phone's host; HostError names the phones there are."""
        name = host if host.startswith("phone-") else f"phone-{host}"
        if name not in PHONES:
            raise HostError(f"The lab has no phone {host!r}; it has: {', '.join(PHONES)}.", host=host)
        return name

    def line(self, host: str) -> Phone | Provider:
        """A line of its own to the provider or a phone, once it answers; who asked for it closes it."""
        return self._connect(host, Provider) if host == PROVIDER else self._connect(host, Phone)

    def _client(self, host: str, kind: type[_Client]) -> _Client:
        client = self._clients.get(host)
        if not isinstance(client, kind):
            client = self._clients[host] = self._connect(host, kind)
        return client

    def _connect(self, host: str, kind: type[_Client], timeout_s: float = 5.0) -> _Client:
        deadline, attempts = time.monotonic() + timeout_s, count()
        while True:
            try:
                return kind(self._runtime.connect(host, self.control(host)), host)
            except HostError:
                look = next(attempts) % _LOOK_EACH == 0  # which takes time where hosts are containers
                if look and (time.monotonic() > deadline or host not in self._runtime.running()):
                    raise
                time.sleep(0.01)

    def incoming(self) -> dict[tuple[str, str], CallReport]:
        """Every call that a party received, by party and the call's name there."""
        found = [(PROVIDER, report) for report in self.provider.calls()]
        found += [(host, report) for host in PHONES for report in self.phone(host).calls()]
        return {(party, report.id): report for party, report in found if report.direction == "incoming"}

    def newest(self, before: Mapping[tuple[str, str], object], timeout_s: float = 0.5) -> CallReport | None:
        """The call that a party received since `incoming` gave `before`, once it has ended there too."""
        deadline = time.monotonic() + timeout_s
        while True:
            new = [report for key, report in self.incoming().items() if key not in before]
            if not new or new[-1].state == "ended" or time.monotonic() > deadline:
                return new[-1] if new else None
            time.sleep(0.01)

    def close(self) -> None:
        """Forget the control lines."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
