"""The codecs that an endpoint's `allow` and `disallow` lines leave, in order of preference."""

from __future__ import annotations

from collections.abc import Iterable

from labkit.pjsip.config import Option

_NAMES = (
    "amr amrwb codec2 g723 ulaw alaw gsm g726 g726aal2 adpcm slin slin12 slin16 slin24 slin32 slin44 slin48 slin96 "
    "slin192 lpc10 g729 speex speex16 speex32 ilbc g722 siren7 siren14 g719 opus jpeg png h261 h263 h263p h264 h265 "
    "mpeg4 vp8 vp9 red t140 t38 silk8 silk12 silk16 silk24"
)
CODECS = tuple(_NAMES.split())
"""Names that Asterisk 22 knows, in the order in which `all` gives them."""


def unknown(value: str) -> list[str]:
    """The names in an `allow` or `disallow` value that Asterisk does not know, each of which refuses the endpoint."""
    return [name for _, name in _parts(value) if name not in ("all", "none", *CODECS)]


def allowed(options: Iterable[Option]) -> tuple[str, ...]:
    """The codecs that these options leave: line by line, part by part, `!` and `disallow` take away."""
    left: list[str] = []
    for option in options:
        if option.name.lower() not in ("allow", "disallow"):
            continue
        for taken, name in _parts(option.value):
            names = CODECS if name == "all" else (name,)
            if taken == (option.name.lower() == "allow"):
                left += [each for each in names if each not in left]
            else:
                left = [each for each in left if each not in names]
    return tuple(left)


def _parts(value: str) -> list[tuple[bool, str]]:
    """Each part's sign and name without its frame length, as `!alaw` and `ulaw:40` have them."""
    parts = [part.strip().lower() for part in value.split(",")]
    return [(not part.startswith("!"), part.lstrip("!").split(":")[0]) for part in parts]
