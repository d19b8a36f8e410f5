"""The config editor: the lab's real files, what differs from healthy and broken, help for each option, apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

from labkit.errors import ConfigRejected
from labkit.lab.history import difference
from labkit.panel.controls import column, html, printed, row
from labkit.panel.filebox import FileBox
from labkit.panel.panel import Panel, errand
from labkit.panel.places import help_at, marks
from labkit.panel.work import Desk
from labkit.scenario.values import nft_definitions

if TYPE_CHECKING:
    from labkit.lab.lab import Lab
    from labkit.panel.work import Make

FIRST = "pjsip.d/trunk-provider.conf"
APPLIES = "Make the files count: reload or restart Asterisk (Control and S)"
TWINS = {
    "read a file": f'lab.config["{FIRST}"]',
    "change it": f'lab.config.replace("{FIRST}", "old text", "new text")',
    "what differs from healthy": "lab.config.diff()",
    "what differs from the broken lab": "difference(lab.history.broken.files, lab.config, 'broken', 'now')",
    "what an option means": 'lab.explain("endpoint.direct_media")',
    "what is wrong with the files": "lab.lint()",
    "apply": "lab.apply()",
    "go back": "lab.undo()",
}


class EditorPanel(Panel):
    """The editor by itself."""

    title = "Files of the lab {}"
    lead = "The lab's real files: what you type is in them at once, and counts after Apply."
    twins = TWINS
    look_s = 1.0

    def __init__(self, name: str, make: Make, file: str = FIRST) -> None:
        """Lay the panel out."""
        super().__init__(name, make)
        self.editor = Editor(self, file)
        self.fill(self.editor.box)

    def look(self, lab: Lab) -> None:
        """Show the files as they are now."""
        self.editor.look(lab)


class Editor:
    """The editor as a part of a panel. What is typed is in the lab's file a moment later; apply makes it count."""

    def __init__(self, panel: Panel, file: str = FIRST, peeked: Callable[[], None] = lambda: None) -> None:
        """Lay it out; `peeked` is told when the healthy files are looked at."""
        self.panel, self.do, self.peeked = panel, panel.do, peeked
        self._desk = Desk(panel.make)
        self.paper = FileBox(file=file)
        self.paper.on_msg(lambda _, message, buffers: self.hear(message))
        self.apply = panel.button("Apply", APPLIES, self._apply, first=True)
        self.undo = panel.button("Undo", "Go back to the version before the newest", self._undo)
        self.lint = panel.button("Lint", "Say what is wrong with the files, before Asterisk reads them", self._lint)
        self.healthy = panel.button("Differs from healthy", "Show what differs from the healthy lab", self._healthy)
        self.broken = panel.button("Differs from broken", "Show what differs from the broken lab", self._broken)
        self.shown = html()
        self.box = column(row(self.apply, self.undo, self.lint, self.healthy, self.broken), self.paper, self.shown)

    def hear(self, message: Mapping[str, Any]) -> None:
        """Do what the browser asks; all of it is quick."""
        asked: dict[str, Callable[..., None]] = {"type": self._type, "pick": self._pick, "at": self._at}
        if message["do"] == "apply":
            self._apply()
            return
        words = {key: each for key, each in message.items() if key != "do"}
        self.panel.attempt(lambda: asked[message["do"]](self._desk.lab().config, **words))

    def _type(self, files: Any, file: str, text: str) -> None:
        """Write what was typed into the lab's file."""
        self.paper.text = text if file == self.paper.file else self.paper.text
        if files[file] != text:
            files[file] = text

    def _pick(self, files: Any, file: str) -> None:
        text = files[file]
        with self.paper.hold_sync():
            self.paper.file, self.paper.text = file, text

    def _at(self, files: Any, file: str, line: int) -> None:
        self.paper.help = help_at(files, file, line) or self.paper.help

    def look(self, lab: Lab) -> None:
        """Show the files as they are now, whoever changed them."""
        files = lab.config
        names = list(files)
        if not names:
            return
        changed = self._changed(lab)
        self.paper.files = [(name, "differs" if name in changed else "") for name in names]
        if self.paper.file not in names:
            self.paper.file = names[0]
        self.paper.text = files[self.paper.file]

    def _changed(self, lab: Lab) -> set[str]:
        """Files that differ from the healthy lab's; from the broken one's where that would tell where the fault is."""
        if lab.home.state is None or not lab.home.state.broken:
            return set(lab.config.changed())
        before = lab.history.broken.files
        return {name for name, text in lab.config.items() if before.get(name) != text}

    @errand("Applying", "lab.apply()")
    def _apply(self, lab: Lab) -> str:
        try:
            version = lab.running().apply()
        except ConfigRejected as why:
            self.mark(lab, why)
            refused = len(self.paper.marks)
            raise ConfigRejected(f"Asterisk refused {refused} things. They stand below the text.") from why
        self.mark(lab, None)
        left = f" {len(self.paper.marks)} places cannot be read." if self.paper.marks else ""
        return f"Version {version.number}: {version.way}, Asterisk refused nothing.{left}"

    def mark(self, lab: Lab, why: ConfigRejected | None) -> None:
        """Show what was refused at its line."""
        refused: Any = why.facts.get("errors", (str(why),)) if why else ()
        above = nft_definitions(lab.topology).count("\n")
        self.paper.marks = [asdict(each) for each in marks(map(str, refused), lab.config, above)]

    @errand("Going back", TWINS["go back"])
    def _undo(self, lab: Lab) -> str:
        version = lab.running().undo()
        self.mark(lab, None)
        self.look(lab)
        return f"{version.label}."

    @errand("Reading the files", TWINS["what is wrong with the files"])
    def _lint(self, lab: Lab) -> str:
        report = str(lab.lint())
        self.shown.value = printed(report)
        return f"Lint: {report.splitlines()[-1]}"

    @errand("Comparing", TWINS["what differs from healthy"])
    def _healthy(self, lab: Lab) -> str:
        self.peeked()
        return self._told(lab.config.diff(), "the healthy lab")

    @errand("Comparing", TWINS["what differs from the broken lab"])
    def _broken(self, lab: Lab) -> str:
        return self._told(difference(lab.history.broken.files, lab.config, "broken", "now"), "the broken lab")

    def _told(self, diff: str, what: str) -> str:
        self.shown.value = colored(diff)
        files = sum(line.startswith("+++ ") for line in diff.splitlines())
        return f"{files or 'No'} file{'' if files == 1 else 's'} differ{'s' if files == 1 else ''} from {what}."


def colored(diff: str) -> str:
    """A unified diff; its signs say what its colours say."""
    kinds = {"+": "labkit-good", "-": "labkit-bad", "@": "labkit-quiet"}
    lines = (f'<span class="{kinds.get(line[:1], "")}">{escape(line)}</span>' for line in diff.splitlines())
    return f"<pre tabindex=0>{'<br>'.join(lines)}</pre>" if diff else ""
