"""What a list of changes does to the lab's files, as texts by their name in lab-env."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labkit.errors import ScenarioError
from labkit.runtime.topology import lab_env
from labkit.scenario.form import nearest
from labkit.scenario.model import STRENGTH, Apply, Change
from labkit.scenario.values import render

EDITABLE = ("pbx/", "router/")
"""Folders of lab-env whose files a scenario may change."""


def healthy(values: Mapping[str, str]) -> dict[str, str]:
    """The healthy lab's files: `pbx/...` with its values filled in, and the router's rules."""
    base = lab_env()
    paths = [path for path in sorted((base / "pbx").rglob("*")) if path.is_file()]
    names = [str(path.relative_to(base)) for path in paths]
    texts = {name: render(path.read_text(), values, name) for name, path in zip(names, paths, strict=True)}
    return texts | {"router/rules.nft": (base / "router/rules.nft").read_text()}


def applied(texts: Mapping[str, str], changes: Iterable[Change]) -> dict[str, str]:
    """The texts after these changes; ScenarioError where one does not fit."""
    result = dict(texts)
    for change in changes:
        if change.file:
            result[change.file] = _edited(result, change)
    return result


def _edited(texts: Mapping[str, str], change: Change) -> str:
    text = texts.get(change.file)
    if change.append:
        before = text or ""
        return before + ("" if before.endswith("\n") or not before else "\n") + change.append.rstrip("\n") + "\n"
    if text is None:
        raise ScenarioError(f"there is no file {change.file!r}{nearest(change.file, texts)}", change=change)
    times = text.count(change.old) if change.old else 0
    if times != 1:
        lines = [line for line in text.splitlines() if line.strip()]
        near = nearest(change.old.splitlines()[0] if change.old else "", lines) if not times else ""
        hint = near if "did you mean" in near else ""
        raise ScenarioError(f"{change.file} holds {change.old!r} {times} times, not once{hint}", change=change)
    return text.replace(change.old, change.new)


def strength(changes: Iterable[Change]) -> Apply:
    """The strongest way to make a change count among those of `pbx/` files and those of nothing but a restart."""
    ways = [change.apply for change in changes if change.file.startswith("pbx/") or change.apply == "restart"]
    return max(ways, key=STRENGTH.index, default="nothing")


def only_reloaded(broken: Iterable[Change], scene: Iterable[Change]) -> bool:
    """Whether a reload is part of the fault: the scene needs a restart, and what breaks it is not to have one."""
    return (strength(scene), strength(broken)) == ("restart", "reload")
