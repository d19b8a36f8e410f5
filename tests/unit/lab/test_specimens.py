"""RTP datasets: what the trace finds in each is what was done to it, and making one again gives the same packets."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from labkit import datasets
from labkit.lab import specimens
from labkit.lab.specimens import FILE, SPECIMENS, Specimen, arrivals, told
from labkit.rtp.fault import MediaFaults
from labkit.trace import open_trace

COUNTED = ("packets", "lost", "bursts", "gap_max_packets", "duplicates", "reordered")


def seen(name: str) -> dict[str, Any]:
    """The one stream of a specimen, as the trace measures it."""
    streams = open_trace(specimens.capture(name)).streams
    assert 1 == len(streams)
    found: dict[str, Any] = streams.iloc[0].to_dict()
    return found


@pytest.mark.parametrize("name", SPECIMENS)
def test_the_trace_finds_what_was_done_to_the_packets(name: str) -> None:
    truth = datasets.registry()[f"rtp/{name}"].truth
    stream = seen(name)
    assert {key: truth[key] for key in COUNTED} == {key: stream[key] for key in COUNTED}
    assert truth["jitter_last_ms"] == pytest.approx(stream["jitter_last_ms"], abs=0.001)
    assert list(truth["packets_by_codec"]) == stream["codecs"]
    assert {"provider", "router"} == {stream["src_name"], stream["dst_name"]}


def test_a_clock_that_drifts_is_measured() -> None:
    assert 400.0 == pytest.approx(seen("drift")["drift_ppm"], abs=1)
    assert 0.0 == pytest.approx(seen("clean")["drift_ppm"], abs=1)


def test_each_has_what_it_is_named_after() -> None:
    truths = {name: datasets.registry()[f"rtp/{name}"].truth for name in SPECIMENS}
    assert 0 < truths["loss"]["lost"] < 30
    assert 5 == truths["burst"]["gap_max_packets"]
    assert 0 == truths["jitter"]["reordered"] < truths["overtaking"]["reordered"]
    assert 25 == truths["reorder"]["reordered"]
    assert 10 == truths["duplicate"]["duplicates"]
    assert {"PCMU": 200, "PCMA": 200, "G722": 200} == truths["codecs"]["packets_by_codec"]
    assert 0 == truths["clean"]["lost"] + truths["clean"]["reordered"] + truths["clean"]["duplicates"]


@pytest.mark.parametrize("name", SPECIMENS)
def test_made_again_it_is_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = datasets.fetch(f"rtp/{name}") / FILE
    truth = datasets.registry()[f"rtp/{name}"].truth
    monkeypatch.setenv(datasets.VARIABLE, str(tmp_path))
    assert f"rtp/{name}" == specimens.make(name, "labkit record rtp")
    made = datasets.fetch(f"rtp/{name}") / FILE
    assert gzip.decompress(kept.read_bytes()) == gzip.decompress(made.read_bytes())
    assert truth == datasets.registry()[f"rtp/{name}"].truth


def test_another_seed_loses_other_packets() -> None:
    first, second = (
        told(made, arrivals(made))["lost_numbers"]
        for made in (Specimen("", faults=MediaFaults(loss=0.1, seed=seed)) for seed in (1, 2))
    )
    assert first
    assert first != second
