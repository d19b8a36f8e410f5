"""The commands of broken trunks: scenarios, break, apply, diff, verify, heal, undo, history."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labkit import journal
from labkit.cli.lab import add_command, show
from labkit.lab.history import difference

if TYPE_CHECKING:
    from labkit.lab.lab import Lab


def add_commands(commands: Any) -> None:
    """Add the commands to the command line."""
    listing = add_command(commands, "scenarios", _scenarios, "list the scenarios, or say what is wrong with one")
    listing.add_argument("--family", help="only of this family, such as inbound")
    breaking = add_command(commands, "break", _break, "break the lab by a scenario")
    breaking.add_argument("slug", help="its name, see: labkit scenarios")
    breaking.add_argument("--seed", type=int, help="draw other numbers, names and passwords")
    add_command(commands, "apply", _apply, "make the edited files count; shows what Asterisk refuses")
    diff = add_command(commands, "diff", _diff, "what the files have other than healthy, or one version than another")
    diff.add_argument("versions", nargs="*", type=int, help="one version or two, see: labkit history")
    diff.add_argument("--broken", action="store_true", help="against the files as the scenario broke them")
    undo = add_command(commands, "undo", _undo, "go back to the version before, or to one by its number")
    undo.add_argument("version", nargs="?", type=int)
    add_command(commands, "history", _history, "every version of the files that was applied")
    add_command(commands, "verify", _verify, "place the calls and say whether the lab does what it should")
    hint = add_command(commands, "hint", _hint, "the questions of the scenario, a hint more each time")
    hint.add_argument("question", nargs="?", help="id of a question")
    hint.add_argument("--number", type=int, default=1, help="how many hints to open (default 1)")
    add_command(commands, "heal", _heal, "make everything healthy again; edits stay in the history")


def _scenarios(lab: Lab, options: argparse.Namespace) -> int:
    from labkit.errors import ScenarioError
    from labkit.scenario.shelf import Shelf

    shelf, found, wrong = Shelf.here(), [], []
    for slug in shelf.slugs():
        try:
            found.append(shelf.read(slug))
        except ScenarioError as why:
            wrong.append(str(why))
    shown = [each for each in found if options.family in (None, each.family)]
    lines = [f"{each.slug:32} {each.fault}  {each.family:10} {'*' * each.level:3}  {each.title}" for each in shown]
    show(options, [{"slug": each.slug, "fault": each.fault, "title": each.title, "family": each.family,
                      "level": each.level, "minutes": each.minutes, "needs": each.needs} for each in shown],
           "\n".join([*lines, *(f"cannot be used: {each}" for each in wrong)]))  # fmt: skip
    return 1 if wrong else 0


def _break(lab: Lab, options: argparse.Namespace) -> None:
    scenario = lab.break_(options.slug, options.seed)
    show(options, {"slug": scenario.slug, "title": scenario.title, "story": scenario.story, "seed": options.seed},
           f"{scenario.title}\n\n{scenario.story.strip()}\n\nFiles: {lab.config.folder}\n"
           "Edit them, then: labkit apply, labkit verify. Stuck: labkit hint. Enough: labkit heal")  # fmt: skip


def _apply(lab: Lab, options: argparse.Namespace) -> None:
    version = lab.running().apply()
    show(
        options, {"version": version.number, "way": version.way}, f"Version {version.number}: {version.way}, no errors."
    )


def _diff(lab: Lab, options: argparse.Namespace) -> None:
    text = _difference(lab, options)
    show(options, text, text.rstrip() or "Nothing differs.")


def _difference(lab: Lab, options: argparse.Namespace) -> str:
    if options.broken:
        return difference(lab.history.broken.files, lab.config, "broken", "now")
    if not options.versions:
        return lab.config.diff()
    old, *more = options.versions
    return (
        lab.history.diff(old, more[0])
        if more
        else difference(lab.history.version(old).files, lab.config, f"version {old}", "now")
    )


def _undo(lab: Lab, options: argparse.Namespace) -> None:
    version = lab.running().undo(options.version)
    show(options, {"version": version.number}, str(version))


def _history(lab: Lab, options: argparse.Namespace) -> None:
    versions = [{**asdict(each), "files": None} for each in lab.history]
    show(options, versions, str(lab.history) or "Nothing was applied yet.")


def _verify(lab: Lab, options: argparse.Namespace) -> int:
    verdict = lab.running().verify()
    show(options, verdict.as_dict(), str(verdict))
    return 0 if verdict.passed else 1


def _hint(lab: Lab, options: argparse.Namespace) -> None:
    scenario = lab.running().scenario
    if scenario is None:
        print("The lab is not broken by a scenario. Break it: labkit break SLUG")
        return
    shown = [each for each in scenario.question if options.question in (None, each.id)]
    for each in shown:
        journal.note("hint", f"{scenario.slug}.{each.id}", hints=len(each.hints[: options.number]), lab=lab.name)
    lines = [
        line
        for each in shown
        for line in (f"{each.id}: {each.text}", *(f"  {hint}" for hint in each.hints[: options.number]))
    ]
    show(options, [asdict(each) for each in shown], "\n".join(lines))


def _heal(lab: Lab, options: argparse.Namespace) -> None:
    lab.heal()
    show(options, {"lab": lab.name, "healthy": True}, f"The lab {lab.name} is healthy again.")
