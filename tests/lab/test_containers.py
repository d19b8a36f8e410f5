"""The lab in containers, with a real engine: alone and by hand, cut off from everything, after every mishap."""

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit.errors import RuntimeUnavailable
from labkit.lab.lab import Lab
from labkit.runtime import engine, image, subnets, topology
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


def test_where_containers_run_in_another_machine_all_is_done_by_exec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.runtime.compose.sockets_reach", lambda path: False)
    with Lab("far-away", "compose") as lab:
        lab.up(fresh=True)
        assert [] == list(lab.home.folder.rglob("*.sock"))
    with Lab.attach("far-away") as lab:
        call = lab.call("phone-1001", "+15550100", hold_s=0.2)
        assert call.answered
        assert {"inside", "outside"} == set(call.trace.messages["point"])
        assert lab.inbound(lab.values["did.first"], hold_s=0.2).answered
        lab.restart()
        lab.break_("inbound-401")
        assert not lab.verify().passed
        lab.heal()
        lab.impair(loss=1.0)
        assert not lab.call("phone-1001", "+15550110", hold_s=0.2, capture=False).answered
        lab.down()


def test_a_lab_runs_on_the_image_that_the_dockerfile_makes(lab: Lab) -> None:
    lab.down()
    engine.docker("remove the image", ["image", "rm", "--force", image.NAME])
    try:
        by_hand("build", "--quiet", "--build-arg", "BASE=labkit-base", "pbx", timeout_s=400)
        made = engine.image_id(image.NAME)
        lab.up()
        assert isinstance(lab.runtime, Compose)
        assert (
            made == engine.docker("look", ["inspect", "--format", "{{.Image}}", f"{lab.runtime.project}-pbx-1"]).strip()
        )
        assert lab.call("phone-1001", "+15550100", hold_s=0.2).answered
    finally:
        lab.down()
        image.build()


def test_an_image_whose_making_failed_is_none(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeUnavailable("no bytecode today")

    lab.down()
    engine.docker("remove the image", ["image", "rm", "--force", image.NAME])
    monkeypatch.setattr(image, "_compile", fail)
    with pytest.raises(RuntimeUnavailable, match="no bytecode today"):
        image.build()
    assert engine.image_id(image.NAME) is None
    monkeypatch.undo()
    image.build()


def test_scanners_find_every_package_in_the_image_and_no_program_that_changes_its_user(lab: Lab) -> None:
    lab.up()
    listed = "import json; print(sorted(json.load(open('/etc/labkit.json'))))"
    status = "print(sorted(l[9:].strip() for l in open('/var/lib/dpkg/status') if l.startswith('Package: ')))"
    powers = """
import os
for folder, _, names in os.walk("/"):
    for name in names:
        path = os.path.join(folder, name)
        if not folder.startswith(("/proc", "/sys")) and os.path.isfile(path) and os.stat(path).st_mode & 0o6000:
            print(path)
"""
    packages, found, changing = (
        lab.runtime.run("pbx", ["python3", "-c", program]).check("pbx").stdout for program in (listed, status, powers)
    )
    assert packages == found
    assert "'asterisk'" in found
    assert "" == changing


def test_a_network_that_another_lab_took_meanwhile_is_given_up_for_a_free_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Compose(tmp_path / "first"), Compose(tmp_path / "second")
    looked = subnets.taken()
    answers = iter([looked])
    try:
        first.up()
        monkeypatch.setattr(subnets, "taken", lambda: next(answers, [*looked, *first.topology.networks.values()]))
        second.up()
        for name, network in second.topology.networks.items():
            assert not network.overlaps(first.topology.networks[name])
    finally:
        first.down()
        second.down()
    assert [] == left(first.project) + left(second.project)


def test_a_network_that_goes_while_we_look_stands_in_no_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    docker, name = engine.docker, f"labkit-{tmp_path.name}"
    docker("make a network", ["network", "create", name])

    def last_look(doing: str, words: list[str]) -> str:
        said = docker(doing, words)
        if "ls" in words and name in docker("look", ["network", "ls"]):
            docker("remove a network", ["network", "rm", name])
        return said

    monkeypatch.setattr(engine, "docker", last_look)
    assert subnets.taken()
    assert name not in docker("look", ["network", "ls"])


def test_labs_that_start_at_the_same_moment_have_networks_of_their_own(tmp_path: Path) -> None:
    labs = [Compose(tmp_path / name) for name in ("one", "two", "three")]
    try:
        with ThreadPoolExecutor(len(labs)) as pool:
            list(pool.map(Compose.up, labs))
        assert 2 * len(labs) == len({network for lab in labs for network in lab.topology.networks.values()})
    finally:
        for lab in labs:
            lab.down()
    assert [] == [each for lab in labs for each in left(lab.project)]
