"""Sources: what they send, in packets of the right size, without a seam."""

from __future__ import annotations

import wave
from array import array
from itertools import islice
from pathlib import Path

import pytest

from labkit.errors import LabError
from labkit.rtp.codec import G722, PCMA, PCMU, Codec, codec_named
from labkit.rtp.source import Echo, File, Nothing, Silence, Source, Tone, read_audio, read_source
from labkit.rtp.tone import measure_tone, tone_samples

SHORT_FORMS: list[tuple[str, Source]] = [
    ("tone:440", Tone((440,), -10.0)),
    ("tone:620@-16.5", Tone((620,), -16.5)),
    ("tone:400,450@-12/0.4,0.2,0.4,2", Tone((400, 450), -12.0, (0.4, 0.2, 0.4, 2.0))),
    ("file:a/b.wav", File(Path("a/b.wav"))),
    ("file:a/b.wav*", File(Path("a/b.wav"), repeat=True)),
    ("echo", Echo()),
    ("silence", Silence()),
    ("none", Nothing()),
]


@pytest.mark.parametrize(("text", "source"), SHORT_FORMS)
def test_short_form_is_read(text: str, source: Source) -> None:
    assert read_source(text) == source


@pytest.mark.parametrize("text", ["", "tone", "tone:x", "tone:440@loud", "noise"])
def test_wrong_short_form_is_refused(text: str) -> None:
    with pytest.raises(LabError, match="no media source"):
        read_source(text)


def samples_of(source: Source, codec: Codec, ptime_ms: int, packets: int) -> array[int]:
    """The first packets of a source, decoded."""
    payloads = list(islice(source.payloads(codec, ptime_ms), packets))
    assert {len(payload or b"") for payload in payloads} == {8 * ptime_ms}
    return codec.coder().decode(b"".join(payload or b"" for payload in payloads))


@pytest.mark.parametrize("codec", [PCMU, PCMA, G722], ids=lambda codec: codec.name)
@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 60])
def test_tone_has_no_seam(codec: Codec, ptime_ms: int) -> None:
    samples = samples_of(Tone((437,)), codec, ptime_ms, 1200 // ptime_ms)
    for begin in range(1000, len(samples) - 2048, 2000):
        tone = measure_tone(samples[begin : begin + 1024], codec.sample_rate_hz, codec.zero_dbm0_peak)
        assert tone.frequency_hz == pytest.approx(437, abs=0.5)
        assert tone.level_dbm0 == pytest.approx(-10, abs=0.2)


def test_cadence_sounds_and_pauses() -> None:
    samples = samples_of(Tone((400,), cadence_s=(0.4, 0.2)), PCMU, 20, 60)
    loud = [max(samples[at : at + 160]) > 1000 for at in range(0, len(samples), 160)]
    assert loud == ([True] * 20 + [False] * 10) * 2


def test_silence_is_silent() -> None:
    assert set(samples_of(Silence(), PCMU, 20, 3)) == {0}
    assert set(samples_of(Silence(), PCMA, 20, 3)) == {8}


def wav(path: Path, rate_hz: int, channels: int = 1) -> Path:
    """A wav file of 0.2 s of 500 Hz."""
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(tone_samples((500,), -10, rate_hz * channels // 5, rate_hz, PCMA.zero_dbm0_peak).tobytes())
    return path


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize("codec", [PCMA, G722], ids=lambda codec: codec.name)
def test_wav_is_played_at_any_rate_and_then_silence(tmp_path: Path, rate_hz: int, codec: Codec) -> None:
    samples = samples_of(File(wav(tmp_path / "a.wav", rate_hz)), codec, 20, 20)
    tone = measure_tone(samples[: codec.sample_rate_hz // 5], codec.sample_rate_hz, codec.zero_dbm0_peak)
    assert tone.frequency_hz == pytest.approx(500, abs=0.5)
    assert tone.level_dbm0 == pytest.approx(-10, abs=0.3)
    assert max(samples[-1024:]) < 100


def test_repeated_file_begins_again(tmp_path: Path) -> None:
    payloads = list(islice(File(wav(tmp_path / "a.wav", 8000), repeat=True).payloads(PCMU, 20), 20))
    assert payloads[:10] == payloads[10:]


@pytest.mark.parametrize(("suffix", "rate_hz"), [("ulaw", 8000), ("alaw", 8000), ("g722", 16000), ("sln", 8000)])
def test_raw_files_are_known_by_their_names(tmp_path: Path, suffix: str, rate_hz: int) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(bytes(1600))
    samples, rate = read_audio(path)
    assert (rate, len(samples)) == (rate_hz, {"g722": 3200, "sln": 800}.get(suffix, 1600))


def test_files_that_cannot_be_played_say_why(tmp_path: Path) -> None:
    (tmp_path / "b.wav").write_bytes(b"RI")
    (tmp_path / "b.mp3").write_bytes(b"")
    wrong = [
        (tmp_path / "none.wav", "No such file"),
        (tmp_path / "b.wav", "ends too early"),
        (tmp_path / "b.mp3", "ends in none of"),
        (wav(tmp_path / "stereo.wav", 8000, channels=2), r"\(2, 2, 8000\)"),
        (wav(tmp_path / "cd.wav", 44100), "44100"),
    ]
    for path, why in wrong:
        with pytest.raises(LabError, match=why):
            read_audio(path)


def test_unknown_codec_is_refused_by_name() -> None:
    assert codec_named("pcma") is PCMA
    with pytest.raises(LabError, match="no codec 'G729' here; there are PCMU, PCMA, G722"):
        codec_named("G729")
