"""A picture whose parts can be chosen by a click or by the arrow keys; what is known of the chosen one stands below."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

if TYPE_CHECKING:
    from labkit.show.pictures import Picture

SCRIPT = """
function make(name, kind, into) {
  const made = document.createElement(name);
  made.className = kind;
  into.append(made);
  return made;
}
function render({ model, el }) {
  const paper = make("div", "labkit-map", el), said = make("pre", "labkit-said", el);
  paper.setAttribute("role", "group");
  said.setAttribute("aria-live", "polite");
  said.tabIndex = 0;
  let parts = [];
  function draw() {
    paper.replaceChildren();
    const image = make("img", "", paper);
    image.src = model.get("source");
    image.alt = model.get("words");
    parts = model.get("spots").map((spot, at) => {
      const part = make("button", "labkit-spot", paper);
      part.type = "button";
      part.setAttribute("aria-label", spot.name);
      for (const side of ["left", "top", "width", "height"]) part.style[side] = 100 * spot[side] + "%";
      part.addEventListener("click", () => choose(at));
      return part;
    });
    paper.setAttribute("aria-label", `${parts.length} parts: arrow keys choose one`);
    show();
  }
  function show() {
    const chosen = model.get("chosen"), spot = model.get("spots")[chosen];
    parts.forEach((part, at) => {
      part.tabIndex = at === Math.max(chosen, 0) ? 0 : -1;
      part.setAttribute("aria-pressed", String(at === chosen));
    });
    said.hidden = !parts.length;
    said.textContent = spot ? spot.words : "Click a part of the picture, or go there by Tab and the arrow keys.";
  }
  function choose(at) {
    model.set("chosen", Math.min(Math.max(at, 0), parts.length - 1));
    model.save_changes();
    show();
    parts[model.get("chosen")].focus();
  }
  paper.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -1e9, End: 1e9 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    choose(parts.indexOf(document.activeElement) + steps[event.key]);
  });
  model.on("change:source", draw);
  model.on("change:chosen", show);
  draw();
}
export default { render };
"""

STYLE = """
.labkit-map { position: relative; }
.labkit-map img { display: block; width: 100%; }
.labkit-spot { position: absolute; background: none; border: none; border-radius: 6px; padding: 0; cursor: pointer; }
.labkit-spot:hover { outline: 2px solid var(--lk-quiet); }
.labkit-spot[aria-pressed=true] { outline: 3px solid var(--lk-leg); outline-offset: 1px; }
.labkit-board .labkit-said { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; }
"""


class ChosenPicture(anywidget.AnyWidget):
    """The picture; the browser alone shows what is chosen, so no kernel is asked."""

    _esm = SCRIPT
    _css = STYLE
    source = traitlets.Unicode().tag(sync=True)
    """The image as an address that holds its data."""
    words = traitlets.Unicode().tag(sync=True)
    spots: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    """Fields of `labkit.show.pictures.Spot`."""
    chosen = traitlets.Int(-1).tag(sync=True)

    def draw(self, picture: Picture) -> None:
        """Show another picture; what was chosen stays chosen where the new one has it."""
        names = [spot["name"] for spot in self.spots]
        spots = [asdict(spot) for spot in picture.spots]
        before = names[self.chosen] if 0 <= self.chosen < len(names) else ""
        chosen = next((at for at, spot in enumerate(spots) if spot["name"] == before), -1)
        source = f"data:image/png;base64,{b64encode(picture.png()).decode()}"
        with self.hold_sync():
            self.spots, self.chosen, self.words, self.source = spots, chosen, str(picture), source
