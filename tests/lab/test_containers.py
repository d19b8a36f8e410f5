"""The lab in containers, with a real engine: alone and by hand, cut off from everything, after every mishap."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.errors import HostError, LabError, RuntimeUnavailable
from labkit.lab.lab import Lab
from labkit.runtime import choice, engine, image, subnets, topology
from labkit.runtime.compose import Compose
from tests.lab.conftest import HERE

FILE = topology.lab_env() / "compose.yaml"
SEND = """
import socket, sys
for address in sys.argv[1:]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.3)
        try:
            s.sendto(b"is anybody there", (address, 7009))
            print(address, "answered", s.recv(100))
        except OSError as why:
            print(address, type(why).__name__)
"""

if "compose" not in HERE:
    __test__ = False
    pytest.skip("no engine here, and this is not CI", allow_module_level=True)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The healthy lab in containers."""
    with Lab("containers", "compose") as made:
        yield made.up(fresh=True)
        made.down()


def by_hand(*words: str, timeout_s: float = 60.0) -> str:
    """What `docker compose -f lab-env/compose.yaml` printed."""
    command = ["docker", "compose", "-f", str(FILE), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout


def left(project: str) -> list[str]:
    """Containers, networks and volumes of a project."""
    label = f"label=com.docker.compose.project={project}"
    kinds = (["ps", "--all", "--quiet"], ["network", "ls", "--quiet"], ["volume", "ls", "--quiet"])
    return [name for words in kinds for name in engine.docker("look", [*words, "--filter", label]).split()]


def test_compose_finds_nothing_to_complain_of() -> None:
    done = subprocess.run(
        ["docker", "compose", "-f", str(FILE), "config", "--quiet"], capture_output=True, text=True, check=True
    )
    assert "" == done.stdout + done.stderr


def test_by_hand_it_comes_up_registered_and_a_call_is_answered() -> None:
    image.ensure()
    try:
        by_hand("up", "--detach", "--wait", "--no-build")
        asterisk = ["exec", "-T", "pbx", "asterisk", "-C", "/lab/pbx/etc/asterisk.conf", "-rx"]
        assert "Registered" in by_hand(*asterisk, "pjsip show registrations")
        said = by_hand("exec", "-T", "pbx", "python3", "-m", "labkit.lab.inside", "call", "phone-1001", "+15550100")
        assert "phone-1001 calls +15550100: answered; heard" in said
    finally:
        by_hand("down", "--volumes", "--timeout", "0")
    assert [] == left("sip-trunk-lab")


@pytest.mark.parametrize("host", ["pbx", "phone-1001", "provider", "stranger", "router"])
def test_no_host_reaches_anything_beyond_the_lab(lab: Lab, host: str) -> None:
    beyond = ["192.0.2.1", "198.51.100.7", "172.17.0.1", *(str(n[-2]) for n in lab.topology.networks.values())]
    done = lab.runtime.run(host, ["python3", "-c", SEND, *beyond]).check(host)
    assert len(beyond) == len(done.stdout.splitlines())
    assert "answered" not in done.stdout


def test_the_machine_has_no_address_in_the_lab_s_networks(lab: Lab) -> None:
    routes = list(subnets.routes(Path("/proc/net/route").read_text().splitlines()[1:]))
    assert not [route for route in routes if any(route.overlaps(own) for own in lab.topology.networks.values())]


def test_nothing_is_published_and_programs_have_no_power(lab: Lab) -> None:
    assert isinstance(lab.runtime, Compose)
    for host in ("pbx", "provider", "phone-1001", "stranger"):
        container = f"{lab.runtime.project}-{host}-1"
        shown = json.loads(engine.docker("look", ["inspect", container]))[0]
        assert {} == (shown["NetworkSettings"]["Ports"] or {})
        assert shown["HostConfig"]["ReadonlyRootfs"]
    for host, program in (("pbx", "asterisk"), ("provider", "provider"), ("phone-1001", "phone-1001")):
        pid = lab.runtime.running()[program]
        status = Path(f"/proc/{host_pid(lab.runtime, host, pid)}/status").read_text()
        effective = next(line for line in status.splitlines() if line.startswith("CapEff"))
        assert 0 == int(effective.split()[1], 16) or (host, program) == ("provider", "provider")


def host_pid(runtime: Compose, host: str, pid: int) -> int:
    """The process number on this machine of a process in a container."""
    first = int(engine.docker("look", ["inspect", "--format", "{{.State.Pid}}", f"{runtime.project}-{host}-1"]))
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inner = next(
                line for line in (process / "status").read_text().splitlines() if line.startswith("NSpid")
            ).split()
            same = os.readlink(process / "ns/pid") == os.readlink(f"/proc/{first}/ns/pid")
        except OSError:
            continue
        if same and inner[-1] == str(pid):
            return int(process.name)
    raise AssertionError(f"{pid} is not in the container of {host}")


def test_a_container_that_was_killed_is_said_and_the_next_up_mends_it(lab: Lab) -> None:
    assert isinstance(lab.runtime, Compose)
    engine.docker("kill", ["kill", f"{lab.runtime.project}-phone-1002-1"])
    with pytest.raises(HostError, match=r"container of the lab is gone.*\n.*labkit up"):
        lab.runtime.run("phone-1002", ["asterisk", "-V"])
    assert not lab.ready
    lab.up()
    assert lab.call("phone-1002", "+15550100", hold_s=0.2).answered


def test_a_missing_image_is_made(lab: Lab) -> None:
    lab.down()
    engine.docker("remove the image", ["image", "rm", "--force", image.NAME])
    lab.up()
    assert lab.call("phone-1001", "+15550100", hold_s=0.2).answered


def test_an_engine_that_stopped_is_said(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    assert not lab.ready
    for deed in (lab.runtime.up, lab.runtime.down, lambda: lab.runtime.run("pbx", ["asterisk", "-V"])):
        with pytest.raises(RuntimeUnavailable, match=r"engine does not answer.*\nStart it"):
            deed()
    assert "compose" != choice.choose().name
    monkeypatch.undo()
    assert lab.ready


def test_networks_that_are_taken_are_passed_over(lab: Lab, tmp_path: Path) -> None:
    other = Compose(tmp_path)
    try:
        other.up()
        for name, network in other.topology.networks.items():
            assert not network.overlaps(lab.topology.networks[name])
    finally:
        other.down()
    assert [] == left(other.project)


def test_down_leaves_nothing() -> None:
    with Lab("leaves-nothing", "compose") as lab:
        lab.up()
        assert isinstance(lab.runtime, Compose)
        project = lab.runtime.project
        assert left(project)
        lab.down()
    assert [] == left(project)


def test_disk_full_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho 'Error response from daemon: write /x: no space left on device' >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(LabError, match="disk is full"):
        Compose(tmp_path).up()
