"""AMI: replies find their action, lists are whole, refusals keep Asterisk's words."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from labkit.errors import HostError, NotReady
from labkit.lab.ami import Ami


class Far:
    """Asterisk's end of the line: answers each action with the text prepared for it."""

    def __init__(self, sock: socket.socket, answers: dict[str, str]) -> None:
        self.seen: list[str] = []
        self._sock = sock
        self._answers = answers
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def _talk(self) -> None:
        self._sock.sendall(b"Asterisk Call Manager/11.0.0\r\n")
        file = self._sock.makefile("rb")
        headers: dict[str, str] = {}
        for raw in file:
            line = raw.decode().rstrip("\r\n")
            if line:
                key, _, value = line.partition(": ")
                headers[key] = value
                continue
            self.seen.append(headers["Action"])
            answer = self._answers.get(headers["Action"], "Response: Success\r\nActionID: {id}\r\n\r\n")
            self._sock.sendall(answer.replace("{id}", headers["ActionID"]).encode())
            headers = {}

    def close(self) -> None:
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        self._thread.join(2)


BOOTED = "Response: Success\r\nActionID: {id}\r\n\r\nEvent: FullyBooted\r\nStatus: Fully Booted\r\n\r\n"


@pytest.fixture
def line() -> Iterator[tuple[Ami, Far]]:
    near, other = socket.socketpair()
    far = Far(
        other,
        {
            "Login": BOOTED,
            "Command": "Response: Success\r\nActionID: {id}\r\nOutput: first\r\nOutput:   second\r\n\r\n",
            "List": "Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n"
            "Event: Other\r\nActionID: somebody-else\r\n\r\n"
            "Event: Detail\r\nActionID: {id}\r\nName: provider\r\n\r\n"
            "Event: ListComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n",
            "Bad": "Response: Error\r\nActionID: {id}\r\nMessage: Unable to find endpoint\r\n\r\n",
            "Silent": "Event: Noise\r\n\r\n",
        },
    )
    ami = Ami(near, timeout_s=1.0).login("lab", "secret")
    yield ami, far
    ami.close()
    far.close()


def test_login_waits_until_asterisk_is_booted(line: tuple[Ami, Far]) -> None:
    assert line[1].seen[0] == "Login"


def test_a_command_gives_its_lines_with_their_indentation(line: tuple[Ami, Far]) -> None:
    assert line[0].command("core show uptime") == ["first", "  second"]


def test_a_list_gives_its_own_events_only(line: tuple[Ami, Far]) -> None:
    assert [event["Name"] for event in line[0].action("List").events] == ["provider"]


def test_a_refusal_keeps_asterisks_words(line: tuple[Ami, Far]) -> None:
    with pytest.raises(HostError, match="Unable to find endpoint"):
        line[0].action("Bad")


def test_silence_is_not_waited_for_forever(line: tuple[Ami, Far]) -> None:
    with pytest.raises(NotReady, match=r"did not answer within 1 s"):
        line[0].action("Silent")


def test_no_header_can_smuggle_a_second_action(line: tuple[Ami, Far]) -> None:
    with pytest.raises(HostError, match="line break"):
        line[0].action("Command", Command="x\r\nAction: Originate")


def test_a_closed_line_is_said_so(line: tuple[Ami, Far]) -> None:
    line[1].close()
    with pytest.raises(HostError, match="closed the management line"):
        line[0].action("Ping")
