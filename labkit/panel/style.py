"""How panels look: the inks of all pictures, on the paper that JupyterLab's theme asks for."""

from __future__ import annotations

from pathlib import Path

from labkit.show.palette import PALETTES, Palette


def source(name: str) -> str:
    """A script or style sheet that lies beside this module."""
    return Path(__file__).with_name(name).read_text("utf-8")


def _inks(palette: Palette) -> str:
    """The palette's inks by the names that style sheets use."""
    names = ("paper", "ink", "quiet", "line", "head", "good", "bad", "ask")
    inks = {**{name: getattr(palette, name) for name in names}, "leg": palette.legs[0]}
    return " ".join(f"--lk-{name}: {colour};" for name, colour in inks.items())


STYLE = (
    f".labkit-board {{ {_inks(PALETTES['light'])} }}\n"
    f"body[data-jp-theme-light=false] .labkit-board {{ {_inks(PALETTES['dark'])} color-scheme: dark; }}\n"
    f"{source('style.css')}"
)
"""The style sheet of all panels; JupyterLab marks its body on dark pages."""
