"""A live ladder: the same picture, on which a message opens by a click or by the arrow keys."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from labkit.show import ladder_html, ladder_picture
from labkit.show.headers import explained
from labkit.show.layout import Layout, Row
from labkit.show.palette import PALETTES

if TYPE_CHECKING:
    from labkit.show.ladders import Ladder

SCRIPT = """
function render({ model, el }) {
  el.innerHTML = "";
  const root = document.createElement("div");
  root.className = "labkit-live";
  const figure = document.createElement("div");
  figure.className = "labkit-figure";
  figure.tabIndex = 0;
  figure.setAttribute("role", "application");
  figure.setAttribute("aria-label", "ladder: arrow keys choose a message");
  const image = document.createElement("img");
  image.src = model.get("picture");
  image.alt = model.get("text");
  image.width = model.get("width");
  const mark = document.createElement("div");
  mark.className = "labkit-mark";
  const panel = document.createElement("div");
  panel.className = "labkit-panel";
  panel.setAttribute("aria-live", "polite");
  panel.tabIndex = 0;
  const paper = document.createElement("div");
  paper.className = "labkit-paper";
  paper.append(image, mark);
  figure.append(paper);
  root.append(figure, panel);
  el.append(root);
  const rows = model.get("rows");
  const style = model.get("inks");
  for (const name in style) root.style.setProperty("--" + name, style[name]);

  function show() {
    const row = rows[model.get("chosen")];
    mark.hidden = !row;
    if (!row) { panel.textContent = "Click a message, or press the down key."; return; }
    mark.style.top = 100 * row.top + "%";
    mark.style.height = 100 * (row.bottom - row.top) + "%";
    const above = mark.offsetTop - figure.scrollTop;
    if (above < 0 || above + mark.offsetHeight > figure.clientHeight)
      figure.scrollTop = mark.offsetTop - figure.clientHeight / 2;
    panel.replaceChildren();
    const title = document.createElement("h4");
    title.innerHTML = row.title;
    const first = document.createElement("code");
    first.textContent = row.first;
    const table = document.createElement("div");
    for (const [name, value, why] of row.headers) {
      const term = document.createElement("div");
      term.className = "labkit-header";
      term.textContent = name + ": ";
      const code = document.createElement("code");
      code.textContent = value;
      term.append(code);
      const said = document.createElement("div");
      said.className = "labkit-why";
      said.textContent = why;
      table.append(term, said);
    }
    const body = document.createElement("pre");
    body.textContent = row.body;
    panel.append(title, first, table, body);
  }
  function choose(place) {
    if (!rows.length) return;
    model.set("chosen", Math.min(Math.max(place, 0), rows.length - 1));
    model.save_changes();
    show();
  }
  figure.addEventListener("click", (event) => {
    const box = image.getBoundingClientRect();
    const y = (event.clientY - box.top) / box.height;
    const place = rows.findIndex((row) => row.top <= y && y < row.bottom);
    if (place >= 0) choose(place);
    figure.focus({ preventScroll: true });
  });
  figure.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    choose(model.get("chosen") + step);
  });
  model.on("change:chosen", show);
  show();
}
export default { render };
"""

STYLE = """
.labkit-live { color: var(--ink); background: var(--paper); padding: 8px; }
.labkit-figure { max-height: 480px; overflow: auto; cursor: pointer; }
.labkit-paper { position: relative; width: max-content; max-width: 100%; }
.labkit-figure:focus-visible { outline: 2px solid var(--leg); outline-offset: 2px; }
.labkit-figure img { display: block; max-width: 100%; height: auto; }
.labkit-mark { position: absolute; left: 0; right: 0; pointer-events: none; background: var(--leg); opacity: 0.12;
  border-left: 4px solid var(--leg); }
.labkit-panel { max-height: 300px; overflow: auto; font: 13px/1.45 sans-serif; margin-top: 8px; padding: 8px 12px;
  border-top: 1px solid var(--quiet); }
.labkit-panel h4 { margin: 0 0 6px; font-weight: normal; }
.labkit-panel code, .labkit-panel pre { color: var(--ink); background: none; font: 12px/1.4 monospace;
  overflow-wrap: anywhere; white-space: pre-wrap; }
.labkit-header { font-weight: bold; margin-top: 6px; }
.labkit-why { color: var(--quiet); }
"""


class LadderWidget(anywidget.AnyWidget):
    """A ladder with one chosen message and its headers explained."""

    _esm = SCRIPT
    _css = STYLE
    picture = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    rows: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    inks = traitlets.Dict().tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)

    @classmethod
    def of(cls, ladder: Ladder) -> LadderWidget:
        """The live form of a ladder."""
        palette = PALETTES[ladder.theme]
        widget: LadderWidget = cls(
            picture=f"data:image/png;base64,{b64encode(ladder.png()).decode()}",
            width=round(ladder.width),
            text=ladder.text(),
            rows=_rows(ladder.layout, exact=ladder.exact),
            inks={"ink": palette.ink, "quiet": palette.quiet, "paper": palette.paper, "leg": palette.legs[0]},
        )
        return widget


def _rows(layout: Layout, *, exact: bool) -> list[dict[str, Any]]:
    """What the browser needs of each message: where it is on the picture, and what it says."""
    edges = ladder_picture.places(layout, exact=exact)
    return [
        {"top": top, "bottom": bottom, "title": ladder_html.summary(layout, row, exact=exact), **_content(row)}
        for row, top, bottom in zip(layout.rows, edges, edges[1:], strict=False)
        if row.number
    ]


def _content(row: Row) -> dict[str, Any]:
    head, _, body = ladder_html.wire(row).partition("\n\n")
    return {"first": head.partition("\n")[0], "headers": explained(row.arrow.raw), "body": body}
