"""A panel: widgets around a lab, whose jobs run behind and whose errors are shown where the button is."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from functools import partial, wraps
from html import escape
from typing import Any, ClassVar, Protocol, Self, TypeVar

from ipywidgets import Button, VBox, Widget

from labkit.errors import LabError
from labkit.lab.lab import Lab
from labkit.panel.frame import Frame
from labkit.panel.work import Errands, Make, Watch

Job = Callable[[Lab], str]
"""Does something with the lab and says in a sentence or two what came of it."""


class Panel:
    """One panel. `do` runs the job of a button, `look` is what it does again and again."""

    title: ClassVar[str]
    """With a place for the name of its lab."""
    lead: ClassVar[str] = ""
    """What to begin with, in a sentence."""
    twins: ClassVar[Mapping[str, str]]
    """Everything that it does, as lines of code."""
    look_s: ClassVar[float] = 0.0
    """How often it looks at the lab; never where 0."""
    _open: ClassVar[dict[tuple[str, str], Panel]] = {}
    """The panel of each kind and lab."""

    def __init__(self, name: str, make: Make) -> None:
        """Name the lab, and say how a lab object of it is made."""
        self.frame = Frame(title=self.title.format(name), said=self.lead)
        self.box = VBox([self.frame])
        self.box.add_class("labkit-board")
        self.name = name
        self.make = make
        self._errands = Errands(make)
        self._watch = Watch(make, self._look, self.look_s)
        self._seen_trouble = ""

    @classmethod
    def open(cls, lab: Lab | None = None, *given: str, **named: str) -> Self:
        """Open it for a lab, by default the one named default; some take what is chosen first, a slug or a file."""
        name = lab.name if lab else "default"
        return cls(name, partial(Lab, name), *given, **named).opened()

    def opened(self) -> Self:
        """Take the place of a panel of the same kind that was opened before, and begin to look."""
        key = self.title, self.name
        if before := self._open.get(key):
            before.close()
        self._open[key] = self
        self.begin()
        return self

    def begin(self) -> None:
        """Do what is done without a button."""
        if self.look_s:
            self._watch.begin()

    def close(self) -> None:
        """Leave no thread and no live button."""
        self._watch.end()
        self._errands.end()
        self.fill()
        self.frame.say("This panel was opened again in another cell.")

    def fill(self, *children: Widget) -> None:
        """Put widgets below the head."""
        self.box.children = (self.frame, *children)

    def button(self, label: str, says: str, pressed: Callable[[], object], first: bool = False) -> Button:
        """A button; `says` is what it does in words, `first` makes it the one to look at."""
        made = Button(description=label, tooltip=says)
        made.on_click(lambda _: self.attempt(pressed))
        if first:
            made.add_class("labkit-first")
        return made

    def attempt(self, handler: Callable[[], object]) -> None:
        """Run what a button or field does at once; what goes wrong is shown."""
        try:
            handler()
        except Exception as why:  # nobody would see it otherwise
            self._fail(why)

    def do(self, doing: str, job: Job, twin: str = "") -> None:
        """Run a job behind; while one runs the panel says so and takes no other."""
        if self.frame.doing:
            self.frame.doing = f"{self.frame.doing.removesuffix(' (one thing at a time)')} (one thing at a time)"
            return
        self.frame.begin(doing, twin)
        self.behind(lambda lab: self.frame.say(job(lab)))

    def behind(self, job: Callable[[Lab], object]) -> None:
        """Run a job behind without a word; what goes wrong is shown."""
        self._errands.put(lambda lab: self.attempt(lambda: job(lab)))

    def _fail(self, why: Exception, before: str = "") -> None:
        """Show an error; one that nobody foresaw, with the place where it happened."""
        if isinstance(why, LabError):
            self.frame.fail(f"{before}{why}")
        else:
            self.frame.fail(f"{before}{type(why).__name__}: {why}", "".join(traceback.format_exception(why)))

    def look(self, lab: Lab) -> None:
        """Show the lab as it is now."""

    def _look(self, lab: Lab) -> None:
        """Look; a watch goes on whatever happens, and the same trouble is told once."""
        trouble = ""
        try:
            self.look(lab)
        except Exception as why:
            trouble = str(why)
            if trouble != self._seen_trouble and not self.frame.doing:
                self._fail(why, "The lab cannot be looked at: ")
        self._seen_trouble = trouble

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


class Part(Protocol):
    """A panel, or a part of one that gives its jobs to it."""

    @property
    def do(self) -> Callable[[str, Job, str], None]:
        """As `Panel.do`."""


P = TypeVar("P", bound=Part)


def errand(doing: str, twin: str) -> Callable[[Callable[[P, Lab], str]], Callable[[P], None]]:
    """Make a method that does a job one that a button can call, for then it runs behind."""

    def given(job: Callable[[P, Lab], str]) -> Callable[[P], None]:
        return wraps(job)(lambda part: part.do(doing, partial(job, part), twin))

    return given
