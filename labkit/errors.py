"""What can go wrong with the tool itself, as one tree.

    LabError
    ├── ScenarioError         a scenario folder is not what a scenario must be
    ├── DatasetError          a recorded run is missing or was altered
    ├── ParseError            a text or packet cannot be read
    ├── CaptureError          a capture file cannot be opened or read
    ├── RuntimeUnavailable    no lab can run here; says what is missing
    ├── HostError             a host of the lab, or a command in it, failed
    ├── NotReady              something did not become ready in time
    ├── ConfigRejected        Asterisk logged errors while it loaded a configuration
    └── ReplayError           the recording does not hold what was asked of it

A fault *in* the lab (a refused call, a silent leg) is data, never an exception.
Every message says what failed by name, what was seen and what to do, in one to three lines.
"""

from __future__ import annotations


class LabError(Exception):
    """The tool could not do its work; the base of all errors that labkit raises on purpose.

    `facts` are the values the message was made of, also readable as attributes.
    """

    def __init__(self, message: str, **facts: object) -> None:
        """Keep the message and its facts."""
        super().__init__(message)
        self.facts = facts

    def __getattr__(self, name: str) -> object:
        """Give a fact by its name."""
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no fact {name!r}") from None


class ScenarioError(LabError):
    """A scenario folder is not what a scenario must be."""


class DatasetError(LabError):
    """A recorded run is missing or was altered."""


class ParseError(LabError):
    """A text or packet cannot be read."""


class CaptureError(LabError):
    """A capture file cannot be opened or read."""


class RuntimeUnavailable(LabError):
    """No lab can run here; says what is missing and what to do."""


class HostError(LabError):
    """A host of the lab, or a command in it, failed."""


class NotReady(LabError):
    """Something did not become ready in time; says what it last answered."""


class ConfigRejected(LabError):
    """Asterisk logged errors while it loaded a configuration; they are in the message."""


class ReplayError(LabError):
    """The recording does not hold what was asked of it."""
