"""The lab: a call centre's PBX, its phones, a router with NAT and a provider, to be used, looked at and broken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from labkit import journal
from labkit.errors import ConfigRejected, HostError, NotReady
from labkit.lab import firewall, judging, objects, placing, stage, staging, status, verifying
from labkit.lab.ami import Reply
from labkit.lab.ari import Ari
from labkit.lab.asked import LOG, AskedAri, AskedAsterisk, AskedPhone, AskedProvider, recorder
from labkit.lab.asterisk import Asterisk, LogLine, check
from labkit.lab.calls import CALL, Call
from labkit.lab.captures import Recorder
from labkit.lab.config import ROUTER, ConfigFiles
from labkit.lab.history import History, Version
from labkit.lab.home import Home, State
from labkit.lab.parties import PHONES, Parties
from labkit.lab.replayed import RecordedAsterisk, RecordedParties, Replayed
from labkit.lab.stage import Clock, Live
from labkit.lab.status import Status
from labkit.phone.client import Phone
from labkit.pjsip.explaining import Explanation
from labkit.pjsip.graph import ObjectGraph
from labkit.pjsip.lint import Report
from labkit.progress import step
from labkit.provider.client import Provider
from labkit.runtime import choice
from labkit.runtime.base import Impairment, Runtime
from labkit.runtime.replay import Replay
from labkit.runtime.topology import Topology, lab_env
from labkit.scenario.citation import Assessment, Citation
from labkit.scenario.model import Scenario
from labkit.scenario.shelf import Shelf
from labkit.scenario.values import address_values, own_values
from labkit.scenario.verdict import Verdict
from labkit.sip.report import CallReport

if TYPE_CHECKING:
    from labkit.trace.trace import Trace

CALLER = "+15550123"
"""The customer who calls a DID, where nobody says another number."""


class Lab:
    """One lab; it outlives the process that started it, and `attach` finds it again."""

    def __init__(self, name: str = "default", runtime: str | None = None) -> None:
        """Speak of the lab of that name, whether it runs or not.

        `runtime` names the one to start it with, such as namespaces or loopback; see labkit.runtime.choice.
        """
        self.home = Home(name)
        self._wanted = runtime

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.home.name

    @cached_property
    def runtime(self) -> Runtime:
        """Where the lab runs, or would run."""
        state = self.home.state
        return choice.made(state.runtime if state else choice.choose(self._wanted).name, self.home.folder)

    @property
    def replayed(self) -> Replayed | None:
        """Where the lab's answers come from when none can run; None for a live lab."""
        return Replayed(self) if self.runtime.name == Replay.name else None

    @property
    def stage(self) -> Live:
        """Where the lab's answers come from, and whether they are kept as takes of a lesson."""
        return stage.of(self.home.folder, self.runtime.name == Replay.name)

    @property
    def clock(self) -> Clock:
        """What a lesson waits by: where the lab is replayed, time goes by at once."""
        return self.stage.clock

    @property
    def topology(self) -> Topology:
        """The lab's hosts and addresses."""
        return self.runtime.topology

    @cached_property
    def values(self) -> Mapping[str, str]:
        """All values that the lab's files were made with."""
        return {**address_values(self.topology), **own_values(self.seed), **self.runtime.values}

    @property
    def seed(self) -> int | None:
        """What the values were drawn by; None for the lab's own."""
        state = self.home.state
        return state.seed if state else None

    @cached_property
    def config(self) -> ConfigFiles:
        """The PBX's configuration files by name: read, assign, `replace`, `diff`."""
        return ConfigFiles(self.home.folder / "pbx/etc", lab_env() / "pbx", self.values)

    @cached_property
    def pbx(self) -> Asterisk:
        """Asterisk: command line, AMI, log."""
        known = (self.runtime, self.values, self.config, self.stage)
        return AskedAsterisk(*known) if self.replayed is None else RecordedAsterisk(*known, self.replayed)

    @cached_property
    def ari(self) -> Ari:
        """Asterisk's REST interface."""
        return AskedAri(self.stage, self.runtime, self.values["pbx.control"], self.values["ari.password"])

    @cached_property
    def parties(self) -> Parties:
        """The provider and the phones."""
        known = (self.runtime, self.values)
        return Parties(*known) if self.replayed is None else RecordedParties(*known, self.replayed)

    @property
    def provider(self) -> Provider:
        """The provider, as its operator controls it."""
        return AskedProvider(self.parties.provider, self.stage)

    def phone(self, name: str) -> Phone:
        """A phone by host or extension."""
        return AskedPhone(self.parties.phone(name), self.stage)

    def up(self, fresh: bool = False) -> Self:
        """Start the healthy lab, or find it running; `fresh` ends a running one first."""
        with self.home.locked():
            if fresh or not self.ready:
                self._end()
                self._forget("runtime", "values", "config", "pbx", "ari", "parties")
                try:
                    self._begin()
                except BaseException:
                    self._end()
                    raise
            elif self._wanted not in (None, self.runtime.name):
                message = f"The lab {self.name!r} runs on {self.runtime.name}. End it first: labkit up --fresh"
                raise HostError(message, lab=self.name, runtime=self.runtime.name)
        return self

    def _forget(self, *names: str) -> None:
        """Make these anew when they are asked for: runtime, addresses, seed are others now."""
        for name in names:
            self.__dict__.pop(name, None)

    @classmethod
    def attach(cls, name: str = "default") -> Self:
        """Find a running lab; HostError says how to start one."""
        return cls(name).running()

    def running(self) -> Self:
        """The lab itself when it runs; else HostError says how to start it."""
        if not self.ready:
            raise HostError(f"The lab {self.name!r} does not run. Start it: labkit up, or Lab().up()", lab=self.name)
        return self

    @property
    def ready(self) -> bool:
        """Whether the lab runs and was started whole."""
        state = self.home.state
        return state is not None and state.ready and self.runtime.alive()

    def _begin(self) -> None:
        self.home.write(State(self.runtime.name, ready=False))
        self.history.keep("before start", dict(self.config))
        with step("Starting the lab"):
            self.runtime.up()
            self._forget("values", "config")  # the addresses are settled now
            self.config.make()
            self.stage.begin(self.config)
            if self.replayed is None:
                with self.stage.quietly():
                    self._start()
        self.history.add("start", dict(self.config), "restart")
        self.mark_log()
        self.home.write(State(self.runtime.name, ready=True))

    def _start(self) -> None:
        """Start everybody and wait until all are ready."""
        self.pbx.log_path.unlink(missing_ok=True)
        with ThreadPoolExecutor(1) as pool:  # a flow that is older than the rules is forgotten
            ruled = pool.submit(self.firewall) if "firewall" in self.runtime.capabilities else None
            self.pbx.start()
            self.parties.start()
            if ruled:
                ruled.result()
        self.pbx.wait_booted()
        check(self.pbx.log(("ERROR",)), "start")
        if missing := self._settle(timeout_s=10.0):
            raise NotReady(f"Not ready after 10 s: {', '.join(missing)}.\nLook at: labkit logs")

    def _settle(self, timeout_s: float) -> list[str]:
        """Register the phones and wait for trunk and contacts; gives what still is not ready."""
        for host in PHONES:
            self.phone(host).register()
        began, asked = time.monotonic(), 1
        while (missing := status.waiting(self.pbx)) and time.monotonic() < began + timeout_s:
            if time.monotonic() > began + 2 * asked:  # the provider may have been slower to start than Asterisk
                asked += 1
                status.qualify(self.pbx)
            time.sleep(0.02)
        return missing

    def firewall(self, rules: str | None = None) -> None:
        """Load the router's NAT and firewall rules (nft syntax); by default those of the lab's own file."""
        firewall.load(self.runtime, rules if rules is not None else self.config[ROUTER])

    def down(self) -> None:
        """End the lab; its folder keeps logs, captures and the edited configuration."""
        with self.home.locked():
            self._end()

    def close(self) -> None:
        """Close this object's lines into the lab; the lab goes on."""
        if "pbx" in self.__dict__:
            self.pbx.close()
        self.parties.close()

    def __enter__(self) -> Self:
        """Use the lab in a block that closes its lines."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close this object's lines into the lab."""
        self.close()

    def _end(self) -> None:
        self.close()
        self.runtime.down()
        self.home.forget()

    def asterisk(self, line: str) -> str:
        """Run a command of Asterisk's command line, such as `pjsip show endpoints`, and give what it printed."""
        return self.pbx.command(line)

    def explain(self, option: str) -> Explanation:
        """What an option such as `endpoint.rtp_symmetric` means, its default, and its value in this lab's files."""
        return objects.explain(option, self.config)

    @property
    def objects(self) -> ObjectGraph:
        """The PJSIP objects: what the files say, what Asterisk holds, where they differ, what state they are in."""
        return objects.graph(self)

    def lint(self) -> Report:
        """What is wrong with this lab's files, before Asterisk reads them."""
        return objects.lint(self.config)

    def ami(self, action: str, **headers: str) -> Reply:
        """Send an action over AMI and give its reply."""
        return self.pbx.action(action, **headers)

    def reload(self) -> None:
        """Make Asterisk read its files again; ConfigRejected gives the errors that it logged."""
        self.stage.load(self.config)
        check(self.stage.ask(["reload"], self.pbx.reload, LOG, takes_time=True), "reload")

    def restart(self) -> None:
        """Stop and start Asterisk, the phones register again; ConfigRejected gives the errors that it logged."""
        self.stage.load(self.config)
        check(self.stage.ask(["restart"], self.pbx.restart, LOG, takes_time=True), "restart")
        if self.replayed is None:
            with self.stage.quietly():
                self._settle(timeout_s=2.0)

    def call(
        self, caller: str, number: str, hold_s: float = 2.0, capture: bool = True, ring_s: float = 30.0, keys: str = ""
    ) -> Call:
        """Let a phone call a number, press keys, hold the call, hang up; gives what both ends saw and the capture.

        An unanswered call is given up after `ring_s`.
        """
        asked = ["call", caller, number, capture, hold_s, ring_s, keys]
        return self._placed(asked, lambda: self.phone(caller).call(number, hold_s, ring_s, keys))

    def inbound(self, did: str, caller: str = CALLER, hold_s: float = 2.0, capture: bool = True) -> Call:
        """Let a customer call a DID through the provider; the phone that rings answers by itself."""
        asked = ["inbound", caller, did, capture, hold_s]
        return self._placed(asked, lambda: self.provider.call(did, caller=caller, hold_s=hold_s))

    def _placed(self, asked: Sequence[Any], place: Callable[[], CallReport]) -> Call:
        return self.stage.ask(asked, lambda: placing.alone(self, asked, place), CALL, takes_time=True)

    def capture(self, points: Iterable[str] | None = None, title: str = "capture") -> Recorder:
        """Record while a `with` block runs, at these points of the topology or at all."""
        return recorder(self.stage, self.runtime, self.topology, points or self.topology.points, title)

    def impair(self, loss: float = 0.0, delay_ms: float = 0.0, jitter_ms: float = 0.0, seed: int = 1) -> None:
        """Make the line to the provider bad: lose, delay and jitter packets, both ways; without values good again."""
        impairment = Impairment(loss, delay_ms, jitter_ms, seed)
        wanted = None if impairment == Impairment(seed=seed) else impairment
        asked = [loss, delay_ms, jitter_ms, seed]
        self.stage.ask(
            ["impair", *asked],
            lambda: self.runtime.impair("router", "wan", wanted),
            change=("line", asked if wanted else None),
        )

    # --- scenarios

    @property
    def history(self) -> History:
        """Every version of the files that was applied, the newest last: `diff(2, 5)`, `version(3).files`."""
        return History(self.home.folder / "history")

    @property
    def scenario(self) -> Scenario | None:
        """The scenario that the lab was broken by."""
        state = self.home.state
        return Shelf.here().read(state.scenario, self.values, state.seed) if state and state.scenario else None

    def break_(self, slug: str, seed: int | None = None) -> Scenario:
        """Break the lab by a scenario, from health, whatever it was before; a seed draws other numbers and names."""
        with self.stage.quietly():
            scenario = staging.put_in(self, slug, seed, broken=True)
            if self.replayed is None:
                verifying.show_symptom(self, scenario)
        self.stage.begin(self.config, slug, seed, True)
        journal.note("break", scenario.slug, lab=self.name, seed=seed)
        return scenario

    def scene(self, slug: str, seed: int | None = None) -> Scenario:
        """The healthy lab with the surroundings of a scenario, for comparison."""
        with self.stage.quietly():
            scenario = staging.put_in(self, slug, seed, broken=False)
        self.stage.begin(self.config, slug, seed, False)
        return scenario

    def reseed(self, slug: str = "", seed: int | None = None, broken: bool = False) -> None:
        """Write down what the lab is broken by, and take that seed's values from now on; nothing is changed by it."""
        self.running()
        self.home.write(State(self.runtime.name, True, slug, seed, broken))
        self._forget("values", "config")

    def heal(self) -> None:
        """Make everything healthy again: files, firewall, line, provider, phones; edits stay in the history."""
        self.reseed()
        with self.stage.quietly():
            staging.heal(self)
        self.stage.begin(self.config)

    def apply(self) -> Version:
        """Make the files as they are now count, by a reload or, where one is needed, a restart.

        ConfigRejected shows what Asterisk refused; the version is kept all the same.
        """
        staging.made_to_count(self, staging.needed(self), "apply")
        version = self.history[-1]
        if version.errors:
            raise ConfigRejected("\n  ".join(("Asterisk refused this:", *version.errors)), errors=version.errors)
        return version

    def undo(self, number: int | None = None) -> Version:
        """Go back to the version before the newest, or to one by its number, and make it count."""
        self.history.keep("before undo", dict(self.config))
        target = self.history.version(number) if number else self.history[-2]
        self.config.lay(target.files)
        staging.made_to_count(self, staging.needed(self), f"undo to {target.number}")
        return self.history[-1]

    def verify(self) -> Verdict:
        """Place the scenario's calls and the regression calls and judge them; edits are applied first."""
        verdict = judging.verify(self)
        journal.note("verify", verdict.slug, right=verdict.passed, lab=self.name)
        return verdict

    def evidence(self, of: Call | Trace | None = None, **cited: Any) -> Assessment:
        """Cite what shows the fault and name layer and object.option, before anything is edited; partly right counts.

        `cited` are fields of `labkit.scenario.citation.Citation`: frame, point, stream, log, command, layer, object.
        """
        return judging.cited(self, Citation(**cited), of)

    def mark_log(self) -> None:
        """Let `log_since_change` begin here."""
        (self.home.folder / "log-mark").write_text(str(self.pbx.log_size()))

    def log_since_change(self) -> list[LogLine]:
        """Lines of Asterisk's log since the last change that was made to count."""
        mark = self.home.folder / "log-mark"
        begins = int(mark.read_text() or 0) if mark.exists() else 0
        return self.stage.ask(["log since change"], lambda: self.pbx.log(since=begins), LOG)

    def log(self, levels: tuple[str, ...] = ()) -> list[LogLine]:
        """Lines of Asterisk's log, of some levels or all."""
        return self.stage.ask(["log", *levels], lambda: self.pbx.log(levels), LOG)

    def status(self) -> Status:
        """How the lab is, in short."""
        return status.of(self)
