"""What is kept while a lab answers is answered again without it, in the same state, and never in another one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit import datasets
from labkit.errors import ConfigRejected, HostError, ReplayError
from labkit.lab import stage, takes
from labkit.lab.asked import CAPTURE, AskedPhone, AskedProvider
from labkit.lab.config import ConfigFiles
from labkit.lab.replayed import RecordedPhone
from labkit.lab.stage import Keeping, Live, Prompted
from labkit.phone.client import Phone
from labkit.provider.client import Provider
from labkit.trace.capture import Capture


class Files(ConfigFiles):
    """A lab's files, none of which is healthy."""

    def __init__(self, **texts: str) -> None:
        """Hold these."""
        self._texts = texts

    def __getitem__(self, name: str) -> str:
        """The text of a file."""
        if name not in self._texts:
            raise HostError(f"The lab has no configuration file {name!r}")
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        """Names."""
        return iter(self._texts)

    def changed(self) -> list[str]:
        """All of them, and one that was removed."""
        return [*self, "removed.conf"]


def nobody() -> Any:
    """What answers where no lab runs."""
    raise ReplayError("needs a live lab")


class Telephone(Phone, Provider):  # type: ignore[misc]
    """A party that counts its requests."""

    def __init__(self, name: str) -> None:
        """Be of that name."""
        self.name, self.asked = name, 0

    def request(self, method: str, timeout_s: float = 10.0, **params: object) -> Any:
        """Give a number, or refuse."""
        self.asked += 1
        if method == "answer":
            raise HostError(f"{self.name}: no call", host=self.name)
        return f"{method} {self.asked}"


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[Live], Any]], Any]]:
    """Acts a scene on a live stage, then on a replayed one, and gives both results."""
    monkeypatch.setenv(datasets.VARIABLE, str(tmp_path / "datasets"))
    (kept := tmp_path / "kept").mkdir()
    labs = [tmp_path / name for name in ("live", "replayed")]
    for lab in labs:
        lab.mkdir()

    def both(act: Callable[[Live], Any], then: Callable[[Live], Any] | None = None) -> tuple[Any, Any]:
        live = act(Keeping(labs[0], kept))
        takes.register("01-scene", ["lab"], kept, {})
        return live, (then or act)(Prompted(labs[1]))

    takes.reel.cache_clear()
    yield both
    takes.reel.cache_clear()


def answers(*texts: str) -> Callable[[], str]:
    """A lab that gives these answers one after the other; where none is left, none runs."""
    left = iter(texts)
    return lambda: next(left, None) or nobody()


def test_a_lab_that_nobody_records_answers_for_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(stage.VARIABLE, raising=False)
    alone = stage.of(tmp_path, replayed=False)
    assert "yes" == alone.ask(["log"], lambda: "yes")
    assert [] == list(tmp_path.iterdir())
    monkeypatch.setenv(stage.VARIABLE, str(tmp_path))
    assert isinstance(stage.of(tmp_path, replayed=False), Keeping)
    assert isinstance(stage.of(tmp_path, replayed=True), Prompted)


def test_calls_are_answered_in_their_order_and_looks_by_what_came_before_them(played: Any) -> None:
    lab = answers("first", "log 1", "second", "log 2 too early", "log 2")

    def act(on: Live) -> list[str]:
        live = lab if isinstance(on, Keeping) else nobody
        on.begin(Files())
        said = [on.ask(["call"], live, takes_time=True), on.ask(["log"], live)]
        said += [on.ask(["call"], live, takes_time=True), on.ask(["log"], live), on.ask(["log"], live)]
        return [said[at] for at in (0, 1, 2, 4)]

    live, replayed = played(act)
    assert ["first", "log 1", "second", "log 2"] == live == replayed


def test_a_cell_that_is_run_once_more_gets_the_same_answer(played: Any) -> None:
    lab = answers("call", "log")

    def act(on: Live) -> list[str]:
        return [on.ask(["call"], lab, takes_time=True), on.ask(["log"], lab)]

    live, replayed = played(act, lambda on: act(on) + act(on))
    assert [*live, *live] == replayed


def test_the_same_question_with_other_files_or_another_seed_has_no_answer(played: Any) -> None:
    lab = answers("call")

    def act(on: Live) -> str:
        on.begin(Files(mine="a"), "inbound-401", 7, True)
        return on.ask(["call"], lab, takes_time=True)

    def elsewhere(on: Live) -> str:
        assert "call" == act(on)
        on.load(Files(mine="b"))
        with pytest.raises(ReplayError):
            on.ask(["call"], nobody, takes_time=True)
        on.begin(Files(mine="a"), "inbound-401", 8, True)
        with pytest.raises(ReplayError):
            on.ask(["call"], nobody, takes_time=True)
        on.begin(Files(mine="b"), "inbound-401", 7, True)
        on.load(Files(mine="a"))
        return on.ask(["call"], nobody, takes_time=True)

    assert ("call", "call") == played(act, elsewhere)


def test_a_rule_of_the_provider_counts_until_another_one_or_until_the_lab_is_healed(played: Any) -> None:
    party = Telephone("provider")
    lab = answers("healthy", "limited", "limited again", "healed")

    def act(on: Live) -> list[str]:
        on.begin(Files())
        provider = AskedProvider(party, on)
        said = [on.ask(["call"], lab, takes_time=True)]
        provider.set("limits.channels", 1)
        said.append(on.ask(["call"], lab, takes_time=True))
        provider.set("limits.channels", 2)
        provider.set("limits.channels", 1)
        said.append(on.ask(["call"], lab, takes_time=True))
        assert on.changed
        on.begin(Files())
        assert not on.changed
        return [*said, on.ask(["call"], lab, takes_time=True)]

    live, replayed = played(act)
    assert ["healthy", "limited", "limited again", "healed"] == live == replayed
    assert 3 == party.asked


def test_a_change_that_was_never_made_is_not_made_up(played: Any) -> None:
    def act(on: Live) -> Any:
        return AskedPhone(Telephone("phone-1001"), on).request("set", dtmf="info")

    def another(on: Live) -> None:
        phone = AskedPhone(RecordedPhone("phone-1001"), on)
        assert "set 1" == phone.request("set", dtmf="info")
        with pytest.raises(ReplayError):
            phone.request("set", dtmf="inband")

    played(act, another)


def test_a_call_that_is_up_is_part_of_the_state_until_it_is_hung_up(tmp_path: Path) -> None:
    on = Keeping(tmp_path, tmp_path)
    phone = AskedPhone(Telephone("phone-1001"), on)
    before = on.state
    name = phone.place("+15550100")
    during = on.state
    phone.wait(name)
    assert during == on.state != before
    phone.hang_up(name)
    assert before == on.state


def test_what_was_refused_is_refused_again_with_its_facts(played: Any) -> None:
    def act(on: Live) -> list[object]:
        phone = AskedPhone(Telephone("phone-1001"), on)
        with pytest.raises(HostError, match="no call") as refused:
            phone.answer("call-1")

        def reject() -> None:
            raise ConfigRejected("errors", errors=["one", "two"], line=object())

        with pytest.raises(ConfigRejected) as rejected:
            on.ask(["apply"], reject)
        return [refused.value.facts, rejected.value.facts["errors"]]

    live, replayed = played(act)
    assert live == replayed == [{"host": "phone-1001"}, ["one", "two"]]


def test_captures_are_written_into_the_lab_s_folder(played: Any, tmp_path: Path) -> None:
    (file := tmp_path / "0001-x.pcap").write_bytes(b"packets")
    capture = Capture({"inside": file}, {"10.10.0.10": "pbx"})

    def act(on: Live) -> Capture | None:
        return on.ask(["capture"], lambda: capture, CAPTURE, takes_time=True)

    _, replayed = played(act)
    assert b"packets" == replayed.points["inside"].read_bytes()
    assert replayed.points["inside"].is_relative_to(tmp_path / "replayed/captures")
    assert capture.names == replayed.names


def test_what_is_asked_within_an_answer_is_not_kept(tmp_path: Path) -> None:
    on = Keeping(tmp_path, tmp_path)
    on.ask(["call"], lambda: on.ask(["log"], lambda: "inner"), takes_time=True)
    with on.quietly():
        on.ask(["log"], lambda: "quiet")
    kept = [json.loads(line)[1] for line in (tmp_path / takes.LOOSE).read_text().splitlines()]
    assert ['["call"]'] == kept


def test_the_state_outlives_the_process(tmp_path: Path) -> None:
    one = Prompted(tmp_path)
    one.begin(Files(a="1"), "inbound-401")
    assert one.state == Prompted(tmp_path).state


def test_a_replayed_clock_shows_the_times_of_the_recording_and_lets_nobody_wait(played: Any) -> None:
    def act(on: Live) -> list[int]:
        began_s = on.clock.monotonic()
        times_ns = [on.clock.time_ns()]
        on.clock.sleep(0.05 if isinstance(on, Keeping) else 3600.0)
        assert on.clock.monotonic() - began_s >= 0.05
        return [*times_ns, on.clock.time_ns()]

    live, replayed = played(act)
    assert live == replayed
    assert live[1] - live[0] >= 50_000_000


def test_a_lesson_that_is_not_known_is_answered_by_the_takes_of_all(played: Any, tmp_path: Path) -> None:
    def act(on: Live) -> list[str]:
        return [on.ask(["call"], answers("mine"), takes_time=True)]

    def replay(on: Live) -> list[str]:
        said = []
        for cell in ("lab", "something else"):
            on.play(cell)
            said.append(on.ask(["call"], nobody, takes_time=True))
        return said

    live, replayed = played(act, replay)
    assert [*live, *live] == replayed


def test_of_several_lessons_the_one_that_knows_the_state_answers(tmp_path: Path, played: Any) -> None:
    lab = answers("of another state", "call-7")

    def act(on: Live) -> None:
        for number, seed in enumerate((1, 2)):
            on.begin(Files(), "third-agent-forbidden", seed, True)
            assert lab_said(on)
            takes.register(f"0{number}-lesson", ["lab"], tmp_path / "kept", {})
            (tmp_path / "kept" / takes.LOOSE).unlink()

    def lab_said(on: Live) -> str:
        return on.ask(["place"], lab, takes_time=True, change=("in a call", True))

    def replay(on: Live) -> str:
        on.begin(Files(), "third-agent-forbidden", 2, True)
        return lab_said(on)

    assert "call-7" == played(act, replay)[1]
