"""Hosts, links and programs of the namespaces runtime, without any SIP."""

import os
import re
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest

from labkit.errors import HostError, NotReady
from labkit.runtime import topology
from labkit.runtime.base import Impairment
from labkit.runtime.namespaces import Namespaces

ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 7))
print("ready", flush=True)
while True:
    data, source = s.recvfrom(2048)
    s.sendto(data, source)
"""
PROVIDER = topology.load().host("provider").address
NAT = "table ip lab {\n chain post {\n type nat hook postrouting priority srcnat; oifname wan masquerade\n }\n}\n"


def echo_server(runtime: Namespaces) -> None:
    runtime.start("provider", "echo", ["-c", ECHO, PROVIDER], own_tools=False)
    deadline = time.monotonic() + 5
    while "ready" not in (runtime.folder / "log/echo.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def round_trips_ms(runtime: Namespaces, count: int = 20) -> list[float | None]:
    """How long each of some echoes from the PBX to the provider took; None for those that did not come back."""
    found: list[float | None] = []
    with closing(runtime.datagram("pbx")) as sock:
        sock.settimeout(0.3)
        for number in range(count):
            began = time.monotonic()
            sock.sendto(str(number).encode(), (PROVIDER, 7))
            try:
                while sock.recv(2048) != str(number).encode():
                    pass
                found.append((time.monotonic() - began) * 1000)
            except TimeoutError:
                found.append(None)
    return found


def test_a_program_runs_in_its_host(runtime: Namespaces) -> None:
    done = runtime.run("pbx", ["ip", "-brief", "-4", "addr", "show", "lan"])
    assert done.exit_code == 0
    assert topology.load().host("pbx").address in done.stdout


def test_a_failing_program_tells_what_it_said(runtime: Namespaces) -> None:
    with pytest.raises(HostError, match=r'ip failed on pbx \(exit 1\): .*"nosuch"'):
        runtime.run("pbx", ["ip", "addr", "show", "nosuch"]).check("pbx")


def test_a_program_that_hangs_is_ended(runtime: Namespaces) -> None:
    with pytest.raises(NotReady, match=r"did not end within 0\.2 s"):
        runtime.run("pbx", ["tcpdump", "-Z", "root", "-i", "lan"], timeout_s=0.2)
    assert runtime.running() == {}


def test_an_unknown_host_is_refused(runtime: Namespaces) -> None:
    with pytest.raises(HostError, match=r"no host 'pbx9'; it has: pbx, phone-1001"):
        runtime.run("pbx9", ["ip", "link"])


def test_the_rootfs_cannot_be_written_from_within(runtime: Namespaces) -> None:
    done = runtime.run("pbx", ["tcpdump", "-Z", "root", "-i", "lan", "-c", "1", "-w", "/etc/planted"])
    assert "Read-only file system" in done.stderr


def test_traffic_crosses_the_router_and_is_captured_on_both_sides(runtime: Namespaces) -> None:
    runtime.filter(NAT)
    echo_server(runtime)
    recordings = [runtime.record(point, runtime.folder / f"captures/{point}.pcap") for point in ("inside", "outside")]
    assert None not in round_trips_ms(runtime, 5)
    inside, outside = (recording.stop().read_bytes() for recording in recordings)
    pbx, router = (socket.inet_aton(topology.load().host(name).address) for name in ("pbx", "router"))
    assert inside.count(pbx) >= 10
    assert outside.count(pbx) == 0
    assert outside.count(router) >= 10


def test_a_bad_link_delays_and_loses_the_same_packets_for_the_same_seed(runtime: Namespaces) -> None:
    runtime.filter(NAT)
    echo_server(runtime)
    round_trips_ms(runtime, 1)
    patterns = []
    for _ in range(2):
        runtime.impair("router", "wan", Impairment(loss=0.2, delay_ms=15, seed=7))
        trips = round_trips_ms(runtime)
        patterns.append([trip is None for trip in trips])
        assert all(trip is None or 30 <= trip < 200 for trip in trips)
    assert patterns[0] == patterns[1]
    assert 1 <= sum(patterns[0]) <= 15
    runtime.impair("router", "wan", None)
    assert all(trip is not None and trip < 20 for trip in round_trips_ms(runtime, 5))


@pytest.mark.parametrize("loss", [-0.1, 1.5])
def test_an_impossible_impairment_is_refused(loss: float) -> None:
    with pytest.raises(HostError, match="loss is a share from 0 to 1"):
        Impairment(loss=loss)


def test_broken_firewall_rules_are_refused_with_their_place(runtime: Namespaces) -> None:
    with pytest.raises(HostError, match=r"nft failed on router.*syntax error"):
        runtime.filter("table ip lab { oops }\n")


def test_there_is_no_way_out(runtime: Namespaces) -> None:
    runtime.filter(NAT)
    with closing(runtime.datagram("pbx")) as sock:
        sock.sendto(b"x", ("192.0.2.1", 9))
        sock.settimeout(0.2)
        with pytest.raises((TimeoutError, OSError)):
            sock.recv(100)
    routes = runtime.run("router", ["ip", "route"]).stdout
    assert "default" not in routes


def test_down_leaves_no_process_no_mount_and_no_namespace(tmp_path: Path) -> None:
    made = Namespaces(tmp_path)
    made.up()
    echo_server(made)
    theirs = {namespace for pid in processes_of(tmp_path) for namespace in namespaces(Path(f"/proc/{pid}"))}
    assert len(theirs) >= len(made.topology.hosts)
    others = alive()
    began = time.monotonic()
    made.down()
    assert time.monotonic() - began <= 0.3
    # who came later may be in a namespace that has the number of one that is gone
    left = {namespace for process in others & alive() for namespace in namespaces(Path(f"/proc/{process[0]}"))}
    assert (processes_of(tmp_path), theirs & left) == ([], set())
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def test_another_process_finds_the_lab_by_its_folder(runtime: Namespaces) -> None:
    assert Namespaces(runtime.folder).alive()
    assert Namespaces(runtime.folder).running() == runtime.running()


def test_a_pid_that_belongs_to_somebody_else_is_no_lab(tmp_path: Path) -> None:
    (tmp_path / "holder.json").write_text(f'{{"pid": {os.getpid()}, "started": "1"}}')
    made = Namespaces(tmp_path)
    assert not made.alive()
    made.down()


def processes_of(folder: Path) -> list[str]:
    """Processes whose command line names the lab's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return [pid for pid in found if int(pid) != os.getpid()]


def alive() -> set[tuple[str, str]]:
    """Every process: its number, and when it was started (proc(5): field 22 of stat)."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found.add((path.parent.name, path.read_text().rpartition(")")[2].split()[19]))
        except OSError:
            continue
    return found


def namespaces(process: Path) -> set[str]:
    """Network and mount namespaces, other than ours, that a process is in or has mounted."""
    try:
        inside = [os.readlink(process / f"ns/{kind}") for kind in ("net", "mnt")]
        mounted = (process / "mountinfo").read_text()
    except OSError:
        return set()
    ours = {os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "mnt")}
    return {*inside, *re.findall(r"net:\[\d+\]", mounted)} - ours
