"""Takes come back as they were kept, the nearest one answers, and an archive holds nothing else."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import datasets
from labkit.errors import DatasetError
from labkit.lab import takes
from labkit.lab.takes import FILE, LOOSE, Reel, Take


def take(
    state: str = "healthy", question: str = "call", visit: int = 1, turn: str = "0", answer: object = None
) -> Take:
    """A take."""
    return Take(state, question, visit, turn, answer)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Datasets of this test."""
    monkeypatch.setenv(datasets.VARIABLE, str(tmp_path / "datasets"))
    takes.reel.cache_clear()
    yield tmp_path / "datasets"
    takes.reel.cache_clear()


def archive(path: Path, entry: tarfile.TarInfo, data: bytes = b"") -> Path:
    """An archive of one entry."""
    entry.size = len(data)
    with tarfile.open(path, "w:xz") as tar:
        tar.addfile(entry, io.BytesIO(data))
    return path


def test_what_was_saved_is_loaded_and_the_same_takes_make_the_same_file(tmp_path: Path) -> None:
    reel = Reel((take(answer={"gave": [1, "zwei"]}), take("broken")), {f"{'0' * 16}.pcap": b"\xd4\xc3"})
    reel.save(tmp_path / "a.xz")
    reel.save(tmp_path / "b.xz")
    assert reel == Reel.load(tmp_path / "a.xz")
    assert (tmp_path / "a.xz").read_bytes() == (tmp_path / "b.xz").read_bytes()


def link() -> tarfile.TarInfo:
    """An entry that points out of the archive."""
    entry = tarfile.TarInfo(f"{'0' * 16}.pcap")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return entry


@pytest.mark.parametrize(
    "entry", [tarfile.TarInfo("../takes.json"), tarfile.TarInfo("/x.pcap"), link()], ids=["outside", "root", "link"]
)
def test_an_archive_with_something_else_in_it_is_refused(tmp_path: Path, entry: tarfile.TarInfo) -> None:
    with pytest.raises(DatasetError, match=r"has no place in it.*make record"):
        Reel.load(archive(tmp_path / "x.xz", entry))


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "x.xz", tarfile.TarInfo("takes.json"), b"[" + b" " * 1000 + b"]")
    assert () == Reel.load(path).takes
    monkeypatch.setattr(takes, "_MOST_BYTES", 1000)
    with pytest.raises(DatasetError, match="no place"):
        Reel.load(path)


@pytest.mark.parametrize("text", [b"", b"[[1]]", b"\xff"], ids=["empty", "no take", "no text"])
def test_what_holds_no_takes_says_so(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(DatasetError, match="holds no takes"):
        Reel.load(archive(tmp_path / "x.xz", tarfile.TarInfo("takes.json"), text))
    (tmp_path / "y.xz").write_bytes(text)
    with pytest.raises(DatasetError, match="holds no takes"):
        Reel.load(tmp_path / "y.xz")


def test_the_take_of_the_same_moment_answers_else_the_newest_in_that_state() -> None:
    first, second, later = take(turn="0"), take(turn="1"), take(visit=2, turn="0")
    elsewhere = take("broken", visit=2, turn="0")
    reel = Reel((first, second, later, elsewhere))
    assert first == reel.best(take())
    assert later == reel.best(take(visit=2))
    assert later == reel.best(take(visit=5))
    assert second == reel.best(take(turn="1", visit=7))
    assert later == reel.best(take(turn="9", visit=2))
    assert elsewhere == reel.best(take("broken"))


def test_another_state_or_question_has_no_answer_unless_it_is_the_same_anywhere() -> None:
    known = take()
    reel = Reel((known,))
    assert reel.best(take("edited")) is None
    assert reel.best(take(question="another call"), anywhere=True) is None
    assert known == reel.best(take("edited"), anywhere=True)


def test_of_what_was_asked_twice_in_one_moment_the_newest_answer_is_kept(tmp_path: Path) -> None:
    line = '["s", "log", 1, "", {}]\n'
    (tmp_path / LOOSE).write_text(line.format("1").replace("{}", "1") + line.replace("{}", "2"))
    (tmp_path / "0123456789abcdef.pcap").write_bytes(b"x")
    assert Reel((take("s", "log", 1, "", 2),), {"0123456789abcdef.pcap": b"x"}) == Reel.gathered(tmp_path)


def test_a_lesson_is_known_by_its_first_cell_and_current_with_all_its_cells(home: Path, tmp_path: Path) -> None:
    (tmp_path / LOOSE).write_text('["s", "log", 1, "", {"gave": 7}]\n')
    cells = ["from labkit.lesson import lab", "lab.verify()"]
    takes.register("05-who", cells, tmp_path, {"runtime": "namespaces"})
    assert ["05-who"] == takes.lessons()
    assert ["05-who"] == takes.begun_by("from labkit.lesson import lab\n")
    assert [] == takes.begun_by("lab.verify()")
    assert takes.is_current("05-who", cells)
    assert not takes.is_current("05-who", [*cells, "lab.heal()"])
    assert not takes.is_current("06-else", cells)
    assert 7 == takes.reel("05-who").takes[0].answer["gave"]


def test_altered_takes_are_refused(home: Path, tmp_path: Path) -> None:
    takes.register("05-who", ["lab"], tmp_path, {})
    (home / "lessons/05-who" / FILE).write_bytes(b"other")
    with pytest.raises(DatasetError, match="SHA-256"):
        takes.reel("05-who")
