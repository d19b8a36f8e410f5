"""Whom a trunk's calls are said to come from."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.pjsip.lint.rule import Spot, rule
from labkit.pjsip.lint.subject import Subject
from labkit.pjsip.lint.trunks import at


@rule(
    "PJ601", "warning", "callerid on a trunk",
    why="It takes the place of the caller's number: every call from outside shows the same one.",
    fix="Leave callerid to phones.",
    lesson="16", source="docs.asterisk.org, res_pjsip endpoint callerid",
)  # fmt: skip
def callerid_on_trunk(subject: Subject) -> Iterator[Spot]:
    """Trunks whose callers are all given one name and number."""
    for trunk in subject.trunks:
        setting = trunk.setting("callerid")
        if setting.given and not trunk.flag("trust_id_inbound"):
            yield at(trunk, setting, f"endpoint [{trunk.id}] gives every caller the number {setting.value}")


@rule(
    "PJ602", "hint", "from_user on a trunk",
    why="From then carries this user in every call: no called party sees which of your numbers calls.",
    fix="Where the provider reads From, set CALLERID(num) instead; else keep from_user and write send_pai = yes.",
    lesson="16", source="docs.asterisk.org, res_pjsip endpoint from_user",
)  # fmt: skip
def from_user_on_trunk(subject: Subject) -> Iterator[Spot]:
    """Trunks that show one user in From, and the number nowhere else."""
    for trunk in subject.trunks:
        setting = trunk.setting("from_user")
        if setting.given and setting.value and not (trunk.flag("send_pai") or trunk.flag("send_rpid")):
            yield at(trunk, setting, f"endpoint [{trunk.id}] shows {setting.value} in every From")
