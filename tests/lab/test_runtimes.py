"""What every runtime keeps of the one interface: the same test code for all of them."""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path

import pytest

from labkit.errors import HostError, NotReady, RuntimeUnavailable
from labkit.runtime import choice
from labkit.runtime.base import Impairment, Runtime
from labkit.runtime.loopback import Loopback
from tests.lab.conftest import HERE

ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7007))
print("ready", flush=True)
while True:
    data, source = s.recvfrom(2048)
    s.sendto(data, source)
"""
ASK = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
s.settimeout(2)
for number in range(int(sys.argv[3])):
    s.sendto(b"question %d" % number, (sys.argv[2], 7007))
    print(s.recvfrom(2048)[0].decode(), flush=True)
"""
ASK_ON = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
s.settimeout(0.25)
for number in range(int(sys.argv[3])):
    began = time.monotonic()
    s.sendto(b"question %d" % number, (sys.argv[2], 7007))
    try:
        while s.recv(2048) != b"question %d" % number:
            pass
        print((time.monotonic() - began) * 1000, flush=True)
    except TimeoutError:
        print(-1, flush=True)
print("done", flush=True)
"""
LISTEN = """
import socket, sys
s = socket.create_server((sys.argv[1], 7008))
print("ready", flush=True)
s.accept()[0].sendall(b"welcome")
"""


@pytest.fixture(params=HERE)
def runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    """Bare hosts without any program."""
    made = choice.made(request.param, tmp_path)
    made.up()
    yield made
    made.down()


def start(runtime: Runtime, host: str, name: str, program: str, *words: str) -> None:
    """Start a program of Python on a host, by a module of its own as the lab's programs are."""
    folder = runtime.folder / "programs"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(program)
    runtime.start(host, name, [f"programs/{name}.py", *words], own_tools=False)


def said(runtime: Runtime, name: str, text: str, timeout_s: float = 20.0) -> str:
    """What a program printed, once it printed a text."""
    deadline = time.monotonic() + timeout_s
    while text not in (log := (runtime.folder / f"log/{name}.log").read_text()):
        assert time.monotonic() < deadline, log
        time.sleep(0.01)
    return log


def echo_on(runtime: Runtime, host: str) -> str:
    """Echo datagrams at a host's address."""
    address = runtime.topology.host(host).address
    start(runtime, host, "echo", ECHO, address)
    said(runtime, "echo", "ready")
    return address


def test_a_program_of_the_lab_runs_on_a_host(runtime: Runtime) -> None:
    done = runtime.run("pbx", ["asterisk", "-V"])
    assert 0 == done.exit_code
    assert done.stdout.startswith("Asterisk 22.")


def test_a_failing_program_tells_what_it_said(runtime: Runtime) -> None:
    with pytest.raises(HostError, match=r"tcpdump failed on pbx \(exit 1\): .*nosuchfile"):
        runtime.run("pbx", ["tcpdump", "-r", "nosuchfile"]).check("pbx")


def test_what_is_given_on_stdin_arrives(runtime: Runtime) -> None:
    done = runtime.run("pbx", ["tcpdump", "-r", "-"], stdin="no capture at all, this is")
    assert "unknown file format" in done.stderr


def test_a_program_that_hangs_is_ended(runtime: Runtime) -> None:
    with pytest.raises(NotReady, match=r"sh on pbx did not end within 0\.3 s"):
        runtime.run("pbx", ["sh", "-c", "while :; do :; done"], timeout_s=0.3)


def test_an_unknown_host_is_refused(runtime: Runtime) -> None:
    with pytest.raises(HostError, match="no host 'pbx9'; it has: pbx, phone-1001"):
        runtime.run("pbx9", ["asterisk", "-V"])


def test_hosts_of_one_network_reach_each_other(runtime: Runtime) -> None:
    address = echo_on(runtime, "pbx")
    start(runtime, "phone-1001", "ask", ASK, runtime.topology.host("phone-1001").address, address, "2")
    assert said(runtime, "ask", "question 1").endswith("question 0\nquestion 1\n")


def test_a_connection_begins_in_a_host(runtime: Runtime) -> None:
    address = runtime.topology.host("pbx").address
    start(runtime, "pbx", "listen", LISTEN, address)
    said(runtime, "listen", "ready")
    with closing(runtime.connect("phone-1001", (address, 7008))) as sock:
        sock.settimeout(5)
        assert b"welcome" == sock.recv(100)


def test_a_connection_to_nobody_says_so(runtime: Runtime) -> None:
    control = runtime.values["pbx.control"]
    with pytest.raises(HostError, match=rf"Nothing answers on pbx at {control}:5038"):
        runtime.connect("pbx", (control, 5038))


def test_running_programs_are_known_and_end_when_asked(runtime: Runtime) -> None:
    echo_on(runtime, "pbx")
    assert ["echo"] == list(runtime.running())
    runtime.stop("echo")
    assert {} == runtime.running()
    runtime.stop("echo")


def test_a_capture_holds_what_was_sent_while_it_ran(runtime: Runtime) -> None:
    address = echo_on(runtime, "pbx")
    phone = runtime.topology.host("phone-1001").address
    start(runtime, "phone-1001", "before", ASK, phone, address, "1")
    said(runtime, "before", "question 0")
    recording = runtime.record("inside", runtime.folder / "captures/inside.pcap")
    start(runtime, "phone-1001", "ask", ASK, phone, address, "3")
    said(runtime, "ask", "question 2")
    packets = recording.stop().read_bytes()
    assert [2, 2, 2] == [packets.count(b"question %d" % number) for number in range(3)]
    there = ip_address(phone).packed + ip_address(address).packed
    assert 3 == packets.count(there)


def test_an_unknown_capture_point_is_refused(runtime: Runtime) -> None:
    with pytest.raises(HostError, match="no capture point 'nowhere'; there are: inside, outside"):
        runtime.record("nowhere", runtime.folder / "captures/nowhere.pcap")


def test_what_a_runtime_cannot_do_it_reports_and_refuses(runtime: Runtime) -> None:
    deeds = {
        "impairment": lambda: runtime.impair("router", "wan", Impairment(loss=0.1)),
        "nat": lambda: runtime.filter("table ip lab {\n}\n"),
        "firewall": lambda: runtime.filter("table ip lab {\n}\n"),
    }
    for capability, deed in deeds.items():
        if capability in runtime.capabilities:
            deed()
        else:
            with pytest.raises(RuntimeUnavailable, match=f"The runtime {runtime.name} cannot"):
                deed()


def test_a_bad_link_loses_the_same_packets_for_the_same_seed_and_delays_the_others(runtime: Runtime) -> None:
    if "impairment" not in runtime.capabilities:
        with pytest.raises(RuntimeUnavailable, match=f"The runtime {runtime.name} cannot make a link bad"):
            runtime.impair("router", "wan", Impairment(loss=0.1))
        return
    lan, wan = runtime.topology.networks["lan"], runtime.topology.host("router").addresses["wan"][0]
    nat = "type nat hook postrouting priority srcnat;"
    runtime.filter(f"table ip lab {{\n chain post {{\n {nat} ip saddr {lan} ip daddr != {lan} snat to {wan}\n }}\n}}\n")
    address = echo_on(runtime, "provider")
    pbx = runtime.topology.host("pbx").address
    patterns = []
    for number in range(3):
        runtime.impair("router", "wan", Impairment(loss=0.2, delay_ms=20, seed=7) if number < 2 else None)
        start(runtime, "pbx", f"ask-{number}", ASK_ON, pbx, address, "20")
        trips = [float(word) for word in said(runtime, f"ask-{number}", "done").split()[:-1]]
        patterns.append([trip < 0 for trip in trips])
        assert all(trip >= 40 if number < 2 else trip < 40 for trip in trips if trip > 0)
    assert patterns[0] == patterns[1]
    assert 1 <= sum(patterns[0]) <= 15
    assert not any(patterns[2])


def test_another_process_finds_the_lab_by_its_folder(runtime: Runtime) -> None:
    echo_on(runtime, "pbx")
    other = type(runtime)(runtime.folder)  # type: ignore[call-arg]
    assert other.alive()
    assert other.running() == runtime.running() != {}
    assert other.topology == runtime.topology


def test_down_ends_every_program_and_up_works_again(runtime: Runtime) -> None:
    echo_on(runtime, "pbx")
    runtime.down()
    assert [] == processes_of(runtime.folder)
    assert not runtime.alive()
    runtime.down()
    runtime.up()
    assert {} == runtime.running()
    echo_on(runtime, "pbx")


def test_two_labs_side_by_side_do_not_hear_each_other(
    runtime: Runtime, tmp_path_factory: pytest.TempPathFactory
) -> None:
    echo_on(runtime, "pbx")
    other = type(runtime)(tmp_path_factory.mktemp("other"))  # type: ignore[call-arg]
    other.up()
    try:
        echo_on(other, "pbx")
        assert {"echo"} == set(runtime.running()) == set(other.running())
    finally:
        other.down()
    assert {"echo"} == set(runtime.running())


def test_where_nobody_may_capture_loopback_has_the_programs_write_it_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labkit.runtime.loopback.raw_sockets_allowed", lambda: False)
    runtime = Loopback(tmp_path)
    runtime.up()
    try:
        address = echo_on(runtime, "pbx")
        phone = runtime.topology.host("phone-1001").address
        recordings = [runtime.record(point, tmp_path / f"captures/{point}.pcap") for point in ("inside", "outside")]
        start(runtime, "phone-1001", "ask", ASK, phone, address, "2")
        said(runtime, "ask", "question 1")
        inside, outside = (recording.stop().read_bytes() for recording in recordings)
    finally:
        runtime.down()
    assert [2, 2] == [inside.count(b"question %d" % number) for number in range(2)]
    assert 24 == len(outside)


def processes_of(folder: Path) -> list[str]:
    """Processes that work in the lab's folder or whose command line names it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inside = Path(os.readlink(process / "cwd")).is_relative_to(folder)
            if inside or str(folder).encode() in (process / "cmdline").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return [pid for pid in found if int(pid) != os.getpid()]
