"""The PBX: Asterisk as a program of the lab, its command line, its log, its reload and restart."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from labkit.errors import ConfigRejected, HostError, LabError, NotReady
from labkit.lab import console
from labkit.lab.ami import Ami, Reply
from labkit.lab.config import ConfigFiles
from labkit.runtime.base import Runtime

_FOLDERS = ("db", "keys", "log", "run", "spool")
_LOG_LINE = re.compile(
    r"^\[[\d :.-]+\] (?P<level>[A-Z]+)\[\d+\](?:\[[^]]*\])? (?P<file>[\w./]+|Ext\. [^:]*): (?P<text>.*)$"
)
_BOOTED = {"Command": "core waitfullybooted"}
_LOG_SETTLES_S = 0.02
_AMI_S = 0.5
"""How long AMI may take to answer once Asterisk says that it is ready."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of Asterisk's log."""

    level: str
    """ERROR, WARNING, NOTICE, VERBOSE, DTMF, ..."""
    source: str
    """The source file that logged it, or the extension whose dialplan did (application Log)."""
    text: str

    @property
    def refuses(self) -> bool:
        """Whether Asterisk refuses something: of a file that it cannot parse it only warns, and drops the file."""
        return self.level == "ERROR" or self.text.startswith("parse error: ")

    def __str__(self) -> str:
        """Level, source and text."""
        return f"{self.level} {self.source}: {self.text}"


class Asterisk:
    """Asterisk on the host `pbx`."""

    host = "pbx"

    def __init__(self, runtime: Runtime, values: Mapping[str, str], config: ConfigFiles) -> None:
        """Speak of the Asterisk in this runtime, whether it runs or not."""
        self._runtime = runtime
        self._values = values
        self._ami: Ami | None = None
        self.config = config
        self.log_path = runtime.folder / "pbx/log/full"

    def start(self) -> None:
        """Start Asterisk; `wait_booted` waits for it."""
        for name in _FOLDERS:
            (self._runtime.folder / "pbx" / name).mkdir(parents=True, exist_ok=True)
        conf = f"{self._runtime.lab_folder}/pbx/etc/asterisk.conf"
        self._runtime.start(self.host, "asterisk", ["asterisk", "-f", "-C", conf])

    def wait_booted(self, timeout_s: float = 20.0, since: int = 0) -> None:
        """Wait until all modules are loaded; NotReady tells what the log says instead, from a byte offset on."""
        deadline, begun = time.monotonic() + timeout_s, since
        while True:
            try:
                self._act(self._connect(), "Command", _BOOTED)  # AMI listens before the dialplan is there
                return
            except HostError as why:
                if "refused" in why.facts:
                    raise
                ended = "asterisk" not in self._runtime.running()
                if self._says_ready(since):  # without its management line, then
                    deadline = min(deadline, time.monotonic() + _AMI_S)
                    since = self.log_size()
                if ended or time.monotonic() > deadline:
                    raise self._not_booted(ended, begun) from None
                time.sleep(0.02)

    def _says_ready(self, since: int) -> bool:
        return any(line.text == "Asterisk Ready." for line in self.log(("VERBOSE",), since))

    def _connect(self) -> Ami:
        self.close()
        sock = self._runtime.connect(self.host, (self._values["pbx.control"], 5038))
        self._ami = Ami(sock)
        try:
            return self._ami.login("lab", self._values["ami.password"])
        except LabError:
            self.close()
            raise

    def _not_booted(self, ended: bool, since: int) -> LabError:
        errors = [str(line) for line in self.log(("ERROR",), since)][-3:]
        what = "Asterisk ended while it started" if ended else "Asterisk did not become ready in time"
        said = "\n".join(errors) or (self._runtime.folder / "log/asterisk.log").read_text().strip()[-300:]
        return NotReady(f"{what}. It said:\n{said or 'nothing'}", host=self.host)

    def stop(self) -> None:
        """End Asterisk at once."""
        if self._ami is not None:
            with suppress(LabError):
                self._ami.command("core stop now")
        self.close()
        self._runtime.stop("asterisk")

    def restart(self, timeout_s: float = 20.0) -> list[LogLine]:
        """Stop and start Asterisk, so that every change counts; gives the errors it logged."""
        self.stop()
        offset = self.log_size()
        self.start()
        self.wait_booted(timeout_s, offset)
        return self._errors_since(offset)

    def reload(self) -> list[LogLine]:
        """Make Asterisk read its files again; gives the errors it logged.

        Asterisk answers that it reloaded even when it refused an object and goes on with the old one; only its log
        tells. Transports and registrations need `restart`.
        """
        offset = self.log_size()
        self.action("Reload")
        self.action("Command", **_BOOTED)
        return self._errors_since(offset)

    def command(self, line: str) -> str:
        """Run a command of Asterisk's command line and give what it printed."""
        return "\n".join(self.action("Command", Command=line).output)

    def action(self, name: str, **headers: str) -> Reply:
        """Send an AMI action; a line that Asterisk closed since is opened again."""
        if self._ami is not None:
            try:
                return self._act(self._ami, name, headers)
            except HostError as why:
                if "closed the management line" not in str(why):
                    raise
        return self._act(self._connect(), name, headers)

    def _act(self, ami: Ami, name: str, headers: Mapping[str, str]) -> Reply:
        """Send an action; a command for whose output AMI finds no place goes to the console instead."""
        try:
            return ami.action(name, **headers)
        except HostError as why:
            if "temporary file" not in str(why):
                raise
        line = self._runtime.connect(self.host, f"pbx/run/{console.SOCKET}")
        return Reply({"Response": "Success"}, output=console.printed(line, headers["Command"]))

    def log(self, levels: tuple[str, ...] = (), since: int = 0) -> list[LogLine]:
        """Lines of the log from a byte offset on, of some levels or all."""
        try:
            with self.log_path.open("rb") as file:
                file.seek(since)
                found = (_LOG_LINE.match(line) for line in file.read().decode(errors="replace").splitlines())
        except FileNotFoundError:
            return []
        lines = [LogLine(match["level"], match["file"], match["text"]) for match in found if match]
        return [line for line in lines if not levels or line.level in levels]

    def log_size(self) -> int:
        """Bytes of the log so far."""
        return self.log_path.stat().st_size if self.log_path.exists() else 0

    def _errors_since(self, offset: int) -> list[LogLine]:
        time.sleep(_LOG_SETTLES_S)
        said = self.log(("ERROR", "WARNING"), offset)
        return list(dict.fromkeys(line for line in said if line.refuses))

    def close(self) -> None:
        """Close the management line."""
        if self._ami is not None:
            self._ami.close()
            self._ami = None


def check(errors: list[LogLine], doing: str) -> None:
    """Raise ConfigRejected with the errors that Asterisk logged, where there are any."""
    if errors:
        lines = "\n".join(f"  {line.text}" for line in errors[:6])
        message = f"Asterisk logged errors during the {doing}; what it refused keeps its old state:\n{lines}"
        raise ConfigRejected(message, errors=errors)
