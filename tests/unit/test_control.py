"""The control line: what is asked is answered, whole, in any order, and every failure is told."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from labkit.control import ControlClient, serve
from labkit.errors import HostError, NotReady


@dataclass
class Point:
    x: int
    y: tuple[int, ...]


async def slow(text: str) -> str:
    await asyncio.sleep(0.3)
    return text


METHODS = {
    "add": lambda a, b: a + b,
    "slow": slow,
    "points": lambda: [Point(1, (2, 3))],
    "fail": lambda: 1 / 0,
    "odd": lambda: object(),
}


@pytest.fixture
async def path(tmp_path: Path):
    server = await serve(tmp_path / "x.sock", METHODS)
    yield tmp_path / "x.sock"
    server.close()


async def ask(path: Path, method: str, timeout_s: float = 2.0, **params: object) -> object:
    """Ask in a thread, for the client blocks."""

    def work() -> object:
        with ControlClient.connect(path, "far") as client:
            return client.request(method, timeout_s, **params)

    return await asyncio.to_thread(work)


async def test_a_method_gives_its_result(path: Path) -> None:
    assert await ask(path, "add", a=2, b=3) == 5


async def test_values_become_objects(path: Path) -> None:
    assert await ask(path, "points") == [{"x": 1, "y": [2, 3]}]


async def test_a_slow_method_holds_nobody_else_up(path: Path) -> None:
    slowly = asyncio.create_task(ask(path, "slow", text="late"))
    assert await ask(path, "add", a=1, b=1, timeout_s=0.2) == 2
    assert await slowly == "late"


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("fail", "far: division by zero"),
        ("nosuch", r"no method or field 'nosuch'; methods: add, fail"),
        ("odd", "cannot carry object"),
    ],
)
async def test_every_failure_is_told(path: Path, method: str, said: str) -> None:
    with pytest.raises(HostError, match=said):
        await ask(path, method)


async def test_no_answer_in_time_is_not_waited_for(path: Path) -> None:
    with pytest.raises(NotReady, match=r"far gave no reply to 'slow' within 0\.05 s"):
        await ask(path, "slow", timeout_s=0.05, text="x")


async def test_nobody_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="far does not answer"):
        ControlClient.connect(tmp_path / "none.sock", "far")
