"""Bringing the lab into a state: healthy, a scenario's scene, broken; and making edits count."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from labkit.errors import ConfigRejected, HostError, LabError, NotReady
from labkit.lab import status
from labkit.lab.asterisk import LogLine
from labkit.lab.config import ROUTER
from labkit.lab.home import State
from labkit.lab.parties import PHONES
from labkit.phone.settings import TONES, Behaviour
from labkit.pjsip.config import read
from labkit.provider.policy import edited
from labkit.runtime.topology import lab_env
from labkit.scenario import changes
from labkit.scenario.model import REGISTRATIONS, STRENGTH, Apply, Change, Scenario
from labkit.scenario.shelf import Shelf
from labkit.scenario.values import render

if TYPE_CHECKING:
    from labkit.lab.lab import Lab

_WHERE = re.compile(r"(?:named '(?P<option>[^']+)' at|no closing '\]',) line \d+ of (?P<file>\S+)")

RESTARTS = ("asterisk.conf", "modules.conf", "manager.conf", "logger.conf", "pjsip.d/transport")
"""Beginnings of the names of files that Asterisk reads once, when it starts."""

STAGED_BY_RESTART = (*RESTARTS, "pjsip.d/global.conf")
"""Those that, besides, count in full only then: the order of the endpoint identifiers is settled at the start."""

_BOOT_S = 15.0
_ATTEMPT_S = 0.8
"""How long a registration may take that works."""
_UNANSWERED_S = 0.6
"""When OPTIONS run out that were sent before a contact answered again, and make it unreachable once more."""
_REGISTER_S = 1.2
"""How late Asterisk sends a REGISTER that it is asked for."""


def put_in(lab: Lab, slug: str, seed: int | None, broken: bool) -> Scenario:
    """Bring the lab from health, whatever it was before, into a scenario's scene or its broken state."""
    scenario = _fitting(lab, slug, seed, broken)
    apart = broken and lab.replayed is None and changes.only_reloaded(scenario.broken, scenario.scene)
    steps = (*scenario.scene, *(scenario.broken if broken and not apart else ()))
    stage(lab, steps, f"{'break' if broken and not apart else 'scene'} {slug}")
    if apart:
        carry_out(lab, scenario.broken, f"break {slug}")
    return scenario


def _fitting(lab: Lab, slug: str, seed: int | None, broken: bool) -> Scenario:
    """The scenario with the values of its seed; HostError where the runtime lacks what it needs."""
    shelf = Shelf.here()
    shelf.folder(slug)
    before = lab.home.state or State(lab.runtime.name, ready=True)
    lab.reseed(slug, seed, broken)
    try:
        scenario = shelf.read(slug, lab.values, seed)
        lacking = set(scenario.needs) - lab.runtime.capabilities
        if lacking and lab.replayed is None:
            needs = f"{slug} needs {', '.join(sorted(lacking))}, which {lab.runtime.name} has not."
            raise HostError(needs, slug=slug)
    except LabError:
        lab.reseed(before.scenario, before.seed, before.broken)
        raise
    return scenario


def stage(lab: Lab, steps: Iterable[Change], label: str) -> None:
    """Make the lab healthy but for these changes; what was edited since the last version is kept first.

    Files, provider, phones and line come into their state by one reload, by a restart where one is needed; it is where
    Asterisk refused a part of the last version, for nobody knows what it then goes on with.
    """
    steps = tuple(steps)
    lab.history.keep(f"before {label}", dict(lab.config))
    files = {name.removeprefix("pbx/"): text for name, text in _files(lab, steps).items()}
    if lab.replayed is not None:
        lab.config.lay(files)
        lab.history.add(label, dict(lab.config))
        return
    silent = not lab.history.applied.errors and _silent(lab)  # after errors it is restarted, and may not answer us
    anew = _logins(files) != _logins(lab.history.applied.files)
    anew |= _set_provider(lab, steps)
    if anew:
        lab.provider.forget_registrations()
    _set_line(lab, steps)
    _set_phones(lab, steps)
    lab.config.lay(files)
    way = max(changes.strength(steps), needed(lab, STAGED_BY_RESTART), key=STRENGTH.index)
    way = "restart" if lab.history.applied.errors else way
    made_to_count(lab, way, label)
    register(lab, steps, anew and way != "restart", late=anew or way == "restart")
    if silent and way != "restart":
        time.sleep(_UNANSWERED_S)
        _ask_asterisk(lab, anew=False, late=False)
    for change in steps:
        if change.asterisk or change.provider == REGISTRATIONS:
            happen(lab, change)


def _files(lab: Lab, steps: Iterable[Change]) -> dict[str, str]:
    return changes.applied(changes.healthy(lab.values), steps)


def _logins(files: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """All that decides how Asterisk registers: after a change of it only a new REGISTER shows the truth."""
    with suppress(LabError):
        objects = [each for each in read(files, "pjsip.conf").objects if each.type in ("registration", "auth")]
        return [(each.name, [f"{option.name}={option.value}" for option in each.options]) for each in objects]
    return []


def heal(lab: Lab) -> None:
    """Make the lab healthy; Asterisk is started anew where a reload does not help."""
    with suppress(LabError):
        stage(lab, (), "heal")
        if lab.replayed is not None or not (lab.history.applied.errors or status.waiting(lab.pbx)):
            return
    made_to_count(lab, "restart", "heal by a restart")
    register(lab, late=True)


def _silent(lab: Lab) -> bool:
    """Whether a contact of a running Asterisk does not answer."""
    with suppress(LabError):
        return any(each.state == "Unreachable" for each in status.contacts(lab.pbx).values())
    return False


def carry_out(lab: Lab, steps: Iterable[Change], label: str) -> None:
    """Make changes of a running lab, as a learner would make them."""
    steps = tuple(steps)
    texts = {name if name == ROUTER else f"pbx/{name}": text for name, text in lab.config.items()}
    files = changes.applied(texts, steps)
    lab.config.lay({name.removeprefix("pbx/"): text for name, text in files.items()})
    made_to_count(lab, max(changes.strength(steps), needed(lab), key=STRENGTH.index), label)
    for change in steps:
        happen(lab, change)


def happen(lab: Lab, change: Change) -> None:
    """Let something happen that is no change of a file, and wait as it says."""
    if change.provider == REGISTRATIONS:
        lab.provider.forget_registrations()
    elif change.provider:
        lab.provider.set(change.provider, change.value)
    elif change.portal:
        (lab.provider.allow if change.portal == "allow" else lab.provider.verify)(change.trunk, change.value)
    elif change.impair is not None:
        lab.impair(**change.impair)
    elif change.phone:
        _tell_phone(lab, change)
    elif change.asterisk:
        lab.asterisk(change.asterisk)
    time.sleep(change.wait_s)


def needed(lab: Lab, once: tuple[str, ...] = RESTARTS) -> Apply:
    """What makes the files as they are now count: a reload, or a restart where a file changed that is read `once`."""
    running = lab.history.applied.files
    now = dict(lab.config)
    changed = [name for name in running.keys() | now.keys() if running.get(name) != now.get(name)]
    ended = lab.replayed is None and "asterisk" not in lab.runtime.running()
    if ended or any(name.startswith(once) for name in changed):
        return "restart"
    return "reload" if any(name != ROUTER for name in changed) else "nothing"


def made_to_count(lab: Lab, way: Apply, label: str) -> list[str]:
    """Load the firewall, reload or restart Asterisk, and write the version down with the errors that it gave."""
    lab.stage.load(lab.config)
    way, errors = lab.stage.ask(["apply"], lambda: (way, _loaded(lab, way) if lab.replayed is None else []))
    lab.history.add(label, dict(lab.config), way, errors)
    return list(errors)


def _loaded(lab: Lab, way: Apply) -> list[str]:
    errors: list[str] = []
    rules_changed = lab.history.applied.files.get(ROUTER) != lab.config.get(ROUTER)
    if "firewall" in lab.runtime.capabilities and rules_changed:
        try:
            lab.firewall()
        except HostError as why:
            errors.append(str(why))
    lab.mark_log()
    try:
        if way == "restart":
            errors += _said(lab, lab.pbx.restart(_BOOT_S))
        elif way == "reload":
            errors += _said(lab, lab.pbx.reload())
    except (ConfigRejected, NotReady, HostError) as why:
        errors.append(str(why))
    return errors


def _said(lab: Lab, lines: Iterable[LogLine]) -> list[str]:
    files = dict(lab.config)
    return [_WHERE.sub(lambda found: _where(found, files), line.text) for line in lines]


def _where(found: re.Match[str], files: Mapping[str, str]) -> str:
    """The place of a misspelt option or of an open bracket: Asterisk counts the lines of all included files as one."""
    option, name = found["option"], found["file"].partition("/pbx/etc/")[2]
    sought = re.compile(rf"\s*{re.escape(option)}\s*[=+]" if option else r"\s*\[[^\];]*(?:;|$)")
    at = next((at for at, line in enumerate(files.get(name, "").splitlines(), 1) if sought.match(line)), None)
    return (f"named '{option}'" if option else "no closing ']'") + f" in {name}" + (f", line {at}" if at else "")


def _set_provider(lab: Lab, steps: Iterable[Change]) -> bool:
    """The healthy policy with the changes of the provider and of its portal; gives whether it lets in other logins."""
    text = (lab_env() / "provider/healthy.toml").read_text()
    table = tomllib.loads(render(text, lab.values, "provider/healthy.toml"))
    for change in steps:
        if change.provider and change.provider != REGISTRATIONS:
            table = edited(table, change.provider, _listed(change.value))
        elif change.portal:
            name = "allow" if change.portal == "allow" else "caller_id.verified"
            table = edited(table, f"trunk.{change.trunk}.{name}", _listed(change.value))
    before = lab.provider.policy()
    lab.provider.policy(table)
    lab.provider.forget()
    return _registrar(before) != _registrar(table)


def _registrar(table: Mapping[str, Any]) -> list[object]:
    """All that decides about a REGISTER."""
    keys = ("account", "password", "sbc", "transports", "allow", "registration", "digest")
    trunks = [[trunk.get(key) for key in keys] for trunk in table.get("trunk", ())]
    return [trunks, table.get("fault"), table.get("hosts")]


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _set_line(lab: Lab, steps: Iterable[Change]) -> None:
    if "impairment" in lab.runtime.capabilities:
        lab.impair(**next((change.impair for change in steps if change.impair is not None), {}))


def _set_phones(lab: Lab, steps: Iterable[Change]) -> None:
    """Every phone as it is by itself, with its password, and the changes."""
    for host in PHONES:
        phone = lab.phone(host)
        healthy = Behaviour(source=TONES[host.removeprefix("phone-")])
        phone.forget()
        if any(change.do == "unregister" and host.endswith(change.phone) for change in steps):
            phone.unregister()  # while Asterisk still knows its password
        phone.login(lab.values[f"{host}.password"])
        phone.set(**{name: getattr(healthy, name) for name in Behaviour.__slots__})
        for change in steps:
            if change.phone and host.endswith(change.phone) and change.set:
                phone.set(**change.set)


def _tell_phone(lab: Lab, change: Change) -> None:
    phone = lab.phone(change.phone)
    if change.set:
        phone.set(**change.set)
    if change.do:
        getattr(phone, change.do)()


def register(lab: Lab, steps: Iterable[Change] = (), anew: bool = False, late: bool = False) -> None:
    """Register phones and, where it must be `anew`, the trunk; ask every contact; give up on what stays silent.

    `late`: Asterisk has been asked for a REGISTER just now, or has just started; it sends one a second later.
    """
    silent = {f"phone-{change.phone[-4:]}" for change in steps if change.do == "unregister"}
    jobs: list[Callable[[], object]] = [lambda: _ask_asterisk(lab, anew, late)]
    jobs += [lambda host=host: _phone_registers(lab, host, host not in silent) for host in PHONES]  # type: ignore[misc]
    with ThreadPoolExecutor(len(jobs)) as pool:
        for job in [pool.submit(job) for job in jobs]:
            job.result()


def _phone_registers(lab: Lab, host: str, wanted: bool) -> None:
    with suppress(LabError), lab.parties.line(host) as phone:
        phone.request("register" if wanted else "unregister", _ATTEMPT_S)


def _ask_asterisk(lab: Lab, anew: bool, late: bool) -> None:
    """Have it register and qualify at once, and wait for what comes of it."""
    with suppress(LabError):
        if anew:
            lab.asterisk("pjsip send register *all")
        status.qualify(lab.pbx, reachable=True)
        deadline = time.monotonic() + _ATTEMPT_S + (_REGISTER_S if late else 0.0)
        while _pending(lab, anew) and time.monotonic() < deadline:
            time.sleep(0.02)


def _pending(lab: Lab, anew: bool) -> bool:
    """Whether a registration or contact may still become as it is in a healthy lab."""
    states = status.registrations(lab.pbx).values()
    if anew and "Registered" in states and not lab.provider.registrations():
        return True  # the state is from before
    return any(state == "Unregistered" for state in states) or bool(set(status.waiting(lab.pbx)) - _refused(lab))


def _refused(lab: Lab) -> set[str]:
    """What waits for nothing any more."""
    final = ("Rejected", "Stopped")
    states = status.registrations(lab.pbx)
    return {f"registration {name} is {state}" for name, state in states.items() if state in final}
