"""Evidence is found where it is, counted, and cited with its place; citations of learners are compared with it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scenario_runs import placed, refused_run
from scenario_sample import values, written

from labkit.scenario.citation import Assessment, Citation, assess
from labkit.scenario.evidence import search
from labkit.scenario.model import Evidence, Range
from labkit.scenario.reader import read_scenario
from labkit.scenario.regression import regression, verdict
from labkit.scenario.run import Run
from labkit.trace import open_trace

COUNTS: list[tuple[dict[str, Any], int]] = [
    ({"kind": "message", "subject": "INVITE"}, 1),
    ({"kind": "message", "subject": "401 to INVITE", "source": "pbx", "to": "provider"}, 1),
    ({"kind": "message", "subject": "4xx to INVITE", "source": "203.0.113.1"}, 1),
    ({"kind": "message", "subject": "401", "matches": "^WWW-Authenticate: Digest"}, 1),
    ({"kind": "message", "subject": "401", "source": "provider"}, 0),
    ({"kind": "message", "subject": "401 to REGISTER"}, 0),
    ({"kind": "message", "subject": "401", "point": "inside"}, 0),
    ({"kind": "message", "subject": "INVITE", "call": "customer"}, 1),
    ({"kind": "sdp", "subject": "offer", "source": "provider", "matches": r"^c=IN IP4 192\.0\.2\.10$"}, 1),
    ({"kind": "sdp", "subject": "answer"}, 0),
    ({"kind": "rtp", "subject": "provider to pbx"}, 0),
    ({"kind": "rtp", "subject": "provider to pbx", "packets": Range(0, 0)}, 1),
    ({"kind": "log", "subject": "No matching endpoint"}, 1),
    ({"kind": "log", "subject": "No matching endpoint", "level": "ERROR"}, 0),
    ({"kind": "cli", "subject": "pjsip show identifies", "matches": r"198\.51\.100\.7"}, 1),
    ({"kind": "cli", "subject": "pjsip show endpoints"}, 0),
    ({"kind": "portal", "subject": "401 Unauthorized"}, 1),
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return refused_run(tmp_path)


@pytest.mark.parametrize(("fields", "count"), COUNTS)
def test_an_evidence_is_found_as_often_as_it_is_there(run: Run, fields: dict[str, Any], count: int) -> None:
    assert run.capture is not None
    found = search(Evidence(**fields), run, open_trace(run.capture))
    assert (found.count, found.holds) == (count, count > 0), str(found)


def test_it_is_cited_with_its_place(run: Run) -> None:
    assert run.capture is not None
    found = search(Evidence("message", "401"), run, open_trace(run.capture))
    assert found.places == ("outside frame 2: router > provider SIP/2.0 401 Unauthorized",)


def test_what_regression_calls_leave_is_no_evidence(run: Run) -> None:
    assert run.capture is not None
    other = replace(run, calls=(replace(run.calls[0], role="regression"),))
    assert search(Evidence("message", "401"), other, open_trace(run.capture)).count == 0


CITED = [
    (Citation(frame=2, point="outside", layer="signalling", object="identify.match"), 1.0),
    (Citation(frame=2, layer="Signalling ", object="identify"), 1.0),
    (Citation(log="No matching endpoint found", layer="nat", object="identify.match"), 0.67),
    (Citation(frame=1, layer="signalling", object="identify.endpoint"), 0.5),
    (Citation(layer="signalling"), 0.33),
    (Citation(log="No", layer="rtp", object="transport.bind"), 0.0),
]


@pytest.mark.parametrize(("citation", "credit"), CITED)
def test_credit_is_given_for_each_part(tmp_path: Path, run: Run, citation: Citation, credit: float) -> None:
    assert run.capture is not None
    scenario = read_scenario(written(tmp_path), values())
    assessment = assess(scenario, citation, run, open_trace(run.capture))
    assert assessment.credit == credit, str(assessment)
    assert f"{credit:.0%}" in assessment._repr_html_()


def test_a_recorded_run_is_judged_like_the_live_one(tmp_path: Path, run: Run) -> None:
    run.save(tmp_path / "recorded")
    loaded = Run.load(tmp_path / "recorded")
    assert replace(loaded, capture=None) == replace(run, capture=None)
    assert loaded.capture is not None
    assert search(Evidence("message", "401"), loaded, open_trace(loaded.capture)).count == 1


def test_a_verdict_cites_the_message_that_refused_a_call(tmp_path: Path, run: Run) -> None:
    scenario = read_scenario(written(tmp_path), values())
    judgement = verdict(scenario, replace(run, calls=(*run.calls, *(placed(plan) for plan in regression(values())))))
    answered = next(check for check in judgement.failed if check.name == "customer: answered")
    assert answered.cited == "outside frame 2: router > provider SIP/2.0 401 Unauthorized"
    assert not judgement.passed


def test_an_assessment_reads_as_its_replies_wherever_it_is_printed() -> None:
    assessment = Assessment(evidence=True, layer=True, object=0.5, replies=("Layer: Yes.",))
    assert repr(assessment) == str(assessment) == "83% of it is right.\n  Layer: Yes."
