"""Rules about calls that never leave: contacts taken for dead, and Dial to what is not there."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.diagnosis.case import Case, logged
from labkit.diagnosis.finding import Clue, Evidence, of
from labkit.diagnosis.rules import rule
from labkit.diagnosis.settings import cited, host_of
from labkit.diagnosis.signals import Signal


@rule("signalling", "aor.qualify_frequency", "C08", "H06")
def taken_for_dead(case: Case) -> Iterator[Clue]:
    """OPTIONS get no answer, so Asterisk does not even try to call."""
    silent = _silent_options(case)
    said = case.logged(r"Contact (\S+) is now Unreachable")
    failed = [each for each in case.inbound("phone") if each.refusal is not None and not any(case.onward(each))]
    called = {each.peer for each in case.outbound()}
    target = next((each for each in silent if each not in called), "")
    if not target:
        return
    aors = [each for each in case.settings.objects("aor") if target in map(host_of, each.values("contact"))]
    evidence = [of(silent[target]), *logged(said), *(cited(each, "qualify_frequency") for each in aors[:1])]
    evidence += [of(failed[0].refusal or failed[0].invite)] if failed else []
    says = f"{target} does not answer OPTIONS, so its contact is Unreachable and calls to it are not sent."
    yield Clue(
        0.9 if failed or said else 0.6,
        says,
        tuple(evidence),
        next="pjsip show contacts; does the provider answer OPTIONS at all?",
    )


def _silent_options(case: Case) -> dict[str, Signal]:
    """The last OPTIONS to each trunk that answered none."""
    answered = {each.source for each in case.responses("OPTIONS")}
    return {
        each.target: each
        for each in case.requests("OPTIONS")
        if each.target not in answered and each.target not in case.phones and case.ignored(each)
    }


@rule("dialplan", "extensions.Dial", "C18", "J08")
def dial_nowhere(case: Case) -> Iterator[Clue]:
    """Dial names an endpoint or a channel type that does not exist."""
    said = case.logged(r"Unable to create PJSIP channel - endpoint '([^']*)' was not found")
    if said:
        yield Clue(0.85, f"Dial names the endpoint {said[0][1]!r}, which is not there.", logged(said))
    old = case.logged(r"No channel type registered for 'SIP'|Unable to create channel of type 'SIP'")
    if old:
        yield Clue(
            0.95,
            "The dialplan dials SIP/..., the channel driver that Asterisk 21 removed; "
            "PJSIP/number@endpoint takes its place.",
            logged(old),
        )
    else:
        found = list(case.settings.dialled("SIP/"))
        if found:
            yield Clue(
                0.8,
                "The dialplan dials SIP/..., which Asterisk 21 and later do not have.",
                (Evidence("config", found[0]),),
            )


@rule("dialplan", "extensions.Dial", "C18", "J08")
def goes_nowhere(case: Case) -> Iterator[Clue]:
    """A phone's call is taken by the dialplan and refused with 503, no INVITE leaves, and every trunk is alive."""
    alive = {each.source for each in case.signals if each.to_pbx and each.source in case.trunks}
    if not alive or _silent_options(case):
        return
    for attempt in case.inbound("phone"):
        refusal = attempt.refused_with(503)
        taken = refusal is not None and refusal.by_pbx and bool(attempt.responses(100, 100))
        if refusal is not None and taken and not any(case.onward(attempt)):
            says = (
                f"The dialplan took the call to {attempt.number}, and no INVITE left for any trunk: Dial leads nowhere."
            )
            yield Clue(0.6, says, (of(refusal),), next="Asterisk's log: what does Dial name, and is that there?")
            return
