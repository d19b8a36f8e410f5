"""Options that belong to phones, or to nobody, and harm where a trunk has them: a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labkit.pjsip.lint.rule import Check, Spot, rule
from labkit.pjsip.lint.subject import Subject
from labkit.pjsip.lint.trunks import at


@dataclass(frozen=True, slots=True)
class Habit:
    """An option that no trunk should have."""

    id: str
    severity: str
    title: str
    option: str
    says: str
    """What the trunk does by it; `{}` is the value. Without one the option is a switch that is on."""
    why: str
    fix: str
    lesson: str
    source: str
    unless: tuple[str, ...] = ()
    """Switches of the endpoint of which one makes it harmless."""

    def check(self) -> Check:
        """The check of a rule."""

        def spots(subject: Subject) -> Iterator[Spot]:
            for trunk in subject.trunks:
                setting = trunk.setting(self.option)
                there = setting.given and bool(setting.value) if "{}" in self.says else trunk.flag(self.option)
                if there and not any(trunk.flag(each) for each in self.unless):
                    yield at(trunk, setting, f"endpoint [{trunk.id}] {self.says.format(setting.value)}")

        return spots


HABITS = (
    Habit(
        "PJ101", "warning", "auth on a trunk", "auth", "has a fixed contact and auth = {}",
        "`auth` makes Asterisk challenge the provider's INVITE; providers do not log in: every incoming call is lost.",
        "Remove auth from the endpoint; what we answer with is outbound_auth.",
        "08", "docs.asterisk.org, Asterisk PJSIP Troubleshooting Guide",
    ),
    Habit(
        "PJ111", "hint", "A trunk that waits for more digits", "allow_overlap", "has allow_overlap on",
        "With allow_overlap a number that is a part of a longer extension gets a 484 and no line in the log.",
        "Write allow_overlap = no on trunks.",
        "07", "RFC 3578; docs.asterisk.org, res_pjsip endpoint allow_overlap",
    ),
    Habit(
        "PJ208", "hint", "rewrite_contact on a trunk", "rewrite_contact", "has rewrite_contact = yes",
        "It puts the packet's source into the provider's Contact and Record-Route: later requests miss its proxies.",
        "Leave rewrite_contact to phones behind NAT.",
        "15", "docs.asterisk.org, Configuring res_pjsip to work through NAT",
    ),
    Habit(
        "PJ601", "warning", "callerid on a trunk", "callerid", "gives every caller the number {}",
        "It takes the place of the caller's number: every call from outside shows the same one.",
        "Leave callerid to phones.",
        "16", "docs.asterisk.org, res_pjsip endpoint callerid", unless=("trust_id_inbound",),
    ),
    Habit(
        "PJ602", "hint", "from_user on a trunk", "from_user", "shows {} in every From",
        "From then carries this user in every call: no called party sees which of your numbers calls.",
        "Where the provider reads From, set CALLERID(num) instead; else keep from_user and write send_pai = yes.",
        "16", "docs.asterisk.org, res_pjsip endpoint from_user", unless=("send_pai", "send_rpid"),
    ),
)  # fmt: skip

for each in HABITS:
    rule(
        each.id, each.severity, each.title, why=each.why, fix=each.fix, lesson=each.lesson, source=each.source
    )(each.check())  # fmt: skip
