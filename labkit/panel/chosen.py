"""A picture whose parts can be chosen by a click or by the arrow keys; what is known of the chosen one stands below."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from labkit.panel.style import source

if TYPE_CHECKING:
    from labkit.show.pictures import Picture


class ChosenPicture(anywidget.AnyWidget):
    """The picture; the browser alone shows what is chosen, so no kernel is asked."""

    _esm = source("chosen.js")
    _css = source("chosen.css")
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
