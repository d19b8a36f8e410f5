"""How panels look: the inks of all pictures, on the paper that JupyterLab's theme asks for."""

from __future__ import annotations

from labkit.show.palette import PALETTES, Palette

DARK = "body[data-jp-theme-light=false]"
"""JupyterLab says so on a dark page."""


def inks(palette: Palette) -> dict[str, str]:
    """The palette's inks by the names that style sheets use."""
    names = ("paper", "ink", "quiet", "line", "head", "good", "bad", "ask")
    return {**{name: getattr(palette, name) for name in names}, "leg": palette.legs[0]}


def _variables(palette: Palette) -> str:
    return "".join(f"--lk-{name}: {colour};" for name, colour in inks(palette).items())


RULES = """
.labkit-board.labkit-board { color: var(--lk-ink); background: var(--lk-paper); border: 1px solid var(--lk-line);
  border-radius: 10px; padding: 0 16px 12px; margin: 4px 0; max-width: 1180px; overflow: visible;
  font: 14px/1.45 system-ui, sans-serif; }
.labkit-board .widget-html, .labkit-board .widget-html-content, .labkit-board .widget-label,
.labkit-board .widget-inline-hbox .widget-label { color: var(--lk-ink); font-size: 14px; line-height: 1.45; }
.labkit-board .widget-html-content { width: 100%; }
.labkit-board.labkit-board .jupyter-button { color: var(--lk-ink); background: var(--lk-head);
  border: 1px solid var(--lk-quiet); border-radius: 6px; width: auto; min-width: 0; height: 30px; line-height: 28px;
  padding: 0 12px; margin: 2px 6px 2px 0; box-shadow: none; font-size: 13px; }
.labkit-board.labkit-board .jupyter-button:hover { border-color: var(--lk-ink); }
.labkit-board.labkit-board .jupyter-button.labkit-first { color: var(--lk-paper); background: var(--lk-leg);
  border-color: var(--lk-leg); font-weight: 600; }
.labkit-board.labkit-board .jupyter-button.labkit-here { border-color: var(--lk-leg); border-width: 2px;
  line-height: 26px; font-weight: 600; }
.labkit-board.labkit-board input:not([type=checkbox]), .labkit-board.labkit-board select,
.labkit-board.labkit-board textarea { color: var(--lk-ink); background-color: var(--lk-paper);
  border: 1px solid var(--lk-quiet); border-radius: 6px; font-size: 13px; }
.labkit-board.labkit-board input[type=text], .labkit-board.labkit-board select { height: 30px; }
.labkit-board .jupyter-widgets.widget-inline-hbox { height: auto; align-items: center; margin: 2px 8px 2px 0; }
.labkit-board .widget-label { height: auto; }
.labkit-board .jupyter-widgets.widget-html, .labkit-board .jupyter-widgets-output-area { margin: 2px 0; }
.labkit-board.labkit-board select { appearance: auto; background-image: none; }
.labkit-board.labkit-board select option { color: var(--lk-ink); background: var(--lk-paper); }
.labkit-board.labkit-board.labkit-board :focus-visible { outline: 3px solid var(--lk-leg) !important;
  outline-offset: 2px; }
.labkit-board h3 { margin: 12px 0 0; font-size: 18px; font-weight: 600; color: var(--lk-ink); }
.labkit-board h4 { margin: 10px 0 2px; font-size: 14px; font-weight: 600; color: var(--lk-ink); }
.labkit-board p { margin: 4px 0; }
.labkit-board code, .labkit-board pre { color: var(--lk-ink); background: var(--lk-head); font: 12px/1.5 monospace;
  border-radius: 4px; padding: 1px 5px; }
.labkit-board pre { padding: 8px 10px; overflow: auto; max-height: 320px; margin: 4px 0; }
.labkit-board table { border-collapse: collapse; font-size: 13px; color: var(--lk-ink); margin: 4px 0; }
.labkit-board.labkit-board th, .labkit-board.labkit-board td { text-align: left; padding: 3px 14px 3px 0;
  border-bottom: 1px solid var(--lk-line); background: none; color: var(--lk-ink); vertical-align: top; }
.labkit-board th { font-weight: 600; }
.labkit-board img { max-width: 100%; height: auto; }
.labkit-board a { color: var(--lk-leg); }
.labkit-board summary { cursor: pointer; }
.labkit-board blockquote { margin: 6px 0; padding: 4px 14px; border-left: 4px solid var(--lk-leg); color: var(--lk-ink);
  background: var(--lk-head); border-radius: 0 6px 6px 0; }
.labkit-board .labkit-good { color: var(--lk-good); } .labkit-board .labkit-bad { color: var(--lk-bad); }
.labkit-board .labkit-ask { color: var(--lk-ask); } .labkit-board .labkit-quiet { color: var(--lk-quiet); }
.labkit-card { border: 1px solid var(--lk-line); border-radius: 8px; padding: 4px 12px 8px; margin: 0 10px 6px 0;
  align-self: stretch; }
.labkit-steps { margin: 6px 0; padding-bottom: 6px; border-bottom: 2px solid var(--lk-line); }
.labkit-status { min-height: 21px; margin: 4px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.labkit-status.labkit-alarm { color: var(--lk-bad); border-left: 4px solid var(--lk-bad); padding-left: 10px; }
.labkit-twin { color: var(--lk-quiet); margin: 2px 0 4px; font-size: 13px; overflow-wrap: anywhere; }
.labkit-board svg text { font-family: system-ui, sans-serif; fill: var(--lk-ink); font-size: 13px; }
.labkit-board svg .mono { font-family: monospace; font-size: 12px; fill: var(--lk-quiet); }
.labkit-board svg .quiet { fill: var(--lk-quiet); } .labkit-board svg .good { fill: var(--lk-good); }
.labkit-board svg .bad { fill: var(--lk-bad); } .labkit-board svg .ask { fill: var(--lk-ask); }
.labkit-dark { display: none !important; }
"""

STYLE = (
    f".labkit-board {{ {_variables(PALETTES['light'])} }}\n"
    f"{DARK} .labkit-board {{ {_variables(PALETTES['dark'])} color-scheme: dark; }}\n{RULES}"
    f"{DARK} .labkit-dark {{ display: block !important; }} {DARK} .labkit-light {{ display: none !important; }}\n"
)
"""The style sheet of all panels."""
