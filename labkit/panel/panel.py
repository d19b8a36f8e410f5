"""A panel: widgets around a lab, whose jobs run behind and whose errors are shown where the button is."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from ipywidgets import VBox, Widget

from labkit.errors import LabError
from labkit.panel.frame import Frame
from labkit.panel.work import Errands, Make, Watch

if TYPE_CHECKING:
    from labkit.lab.lab import Lab


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job."""

    says: str
    """One or two sentences."""
    twin: str = ""
    """The line of code that does the same; that of the button where empty."""


Job = Callable[["Lab"], Done]

_OPEN: dict[tuple[str, str], Panel] = {}
"""The panel of each kind and lab; a second one takes its place."""


class Panel:
    """One panel. `do` runs a job of a button, `watch` looks at the lab again and again."""

    def __init__(self, title: str, name: str, make: Make, twins: Mapping[str, str]) -> None:
        """Name the panel, its lab, and what it does as lines of code."""
        self.frame = Frame(title=title)
        self.box = VBox([self.frame])
        self.box.add_class("labkit-board")
        self.name = name
        self.twins = twins
        self._make = make
        self._errands = Errands(make)
        self._watches: list[Watch] = []
        self._seen_trouble = ""

    def fill(self, *children: Widget) -> None:
        """Put widgets below the head."""
        self.box.children = (self.frame, *children)

    def do(self, doing: str, job: Job, twin: str = "") -> None:
        """Run a job behind; while one runs the panel says so and takes no other."""
        if self.frame.doing:
            self.frame.doing = f"{self.frame.doing.removesuffix(' (one thing at a time)')} (one thing at a time)"
            return
        self.frame.begin(doing, twin)
        self._errands.put(lambda lab: self._run(job, lab))

    def _run(self, job: Job, lab: Lab) -> None:
        try:
            done = job(lab)
        except LabError as why:
            self.frame.fail(str(why))
        except Exception as why:  # an error that nobody foresaw must be seen as well
            self.frame.fail(f"{type(why).__name__}: {why}", traceback.format_exc())
        else:
            self.frame.say(done.says, done.twin)

    def attempt(self, handler: Callable[[], object]) -> None:
        """Run what a button or field does at once; what goes wrong is shown."""
        try:
            handler()
        except Exception as why:  # nobody would see it otherwise
            self.frame.fail(str(why) or type(why).__name__, "" if isinstance(why, LabError) else traceback.format_exc())

    def watch(self, look: Callable[[Lab], None], every_s: float) -> None:
        """Look at the lab so often; what goes wrong is said once."""
        watch = Watch(self._make, lambda lab: self._look(look, lab), every_s)
        self._watches.append(watch)
        watch.begin()

    def _look(self, look: Callable[[Lab], None], lab: Lab) -> None:
        try:
            look(lab)
        except Exception as why:  # a watch goes on; the same trouble is not told twice
            if self._seen_trouble != str(why) and not self.frame.doing:
                self.frame.fail(f"The lab cannot be looked at: {why}", traceback.format_exc())
            self._seen_trouble = str(why)
        else:
            self._seen_trouble = ""

    def opened(self) -> Panel:
        """Take the place of a panel of the same kind that was opened before."""
        key = self.frame.title, self.name
        if before := _OPEN.get(key):
            before.close()
        _OPEN[key] = self
        return self

    def close(self) -> None:
        """Leave no thread and no live button."""
        for watch in self._watches:
            watch.end()
        self._errands.end()
        self.fill()
        self.frame.say("This panel was opened again in another cell.")

    def settle(self) -> None:
        """Wait until every job that was begun is done."""
        self._errands.settle()

    def __str__(self) -> str:
        """Its title, and each thing that it does as a line of code."""
        width = max(map(len, self.twins.values()), default=0)
        lines = [f"  {twin:{width}}  {what}" for what, twin in self.twins.items()]
        return "\n".join([f"{self.frame.title}. The same in code:", *lines])

    __repr__ = __str__

    def _repr_mimebundle_(self, **choice: Any) -> dict[str, Any]:
        shown: dict[str, Any] = self.box._repr_mimebundle_(**choice)
        return {**shown, "text/plain": str(self), "text/html": self._where_no_kernel_is()}

    def _where_no_kernel_is(self) -> str:
        """What an exported page and a notebook that was not run show instead of widgets."""
        cells = ((escape(what), escape(twin)) for what, twin in self.twins.items())
        rows = "".join(f"<tr><td>{what}</td><td><code>{twin}</code></td></tr>" for what, twin in cells)
        head = f"<p><b>{escape(self.frame.title)}</b>: run this cell to use it. The same in code:</p>"
        return f"{head}<table>{rows}</table>"
