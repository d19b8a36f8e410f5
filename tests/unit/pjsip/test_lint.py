"""Every rule of lint finds what it is for and is silent where all is well; so is lint of the healthy lab."""

import json
from pathlib import Path

import pytest

from labkit.cli import main
from labkit.pjsip.lint import RULES, Report, lint, lint_files
from labkit.runtime import topology
from labkit.runtime.topology import lab_env
from labkit.scenario.values import address_values, own_values, render

UDP = "[udp]\ntype=transport\nbind=0.0.0.0\n"
NAT = UDP + "external_media_address=203.0.113.1\nexternal_signaling_address=203.0.113.1\nlocal_net=10.0.0.0/8\n"
END = "allow=!all,alaw\ncontext=in\nallow_overlap=no\ndirect_media=no\n"
TRUNK = f"[t]\ntype=endpoint\naors=t\n{END}[t]\ntype=aor\ncontact=sip:203.0.113.10\nqualify_frequency=25\n"
IDENTIFY = "[t]\ntype=identify\nendpoint=t\nmatch=203.0.113.10\n"
ACCOUNT = "[t]\ntype=auth\nauth_type=digest\nusername=me\npassword=a-long-one-that-nobody-guesses\n"
REGISTERED = "[t]\ntype=registration\nserver_uri=sip:203.0.113.10\nclient_uri=sip:me@203.0.113.10\nmax_retries=1000\n"
LOGIN = "outbound_auth=t\n"
PHONE = f"[p]\ntype=endpoint\naors=p\n{END}auth=p\n[p]\ntype=aor\nmax_contacts=1\n"
PASSWORD = "[p]\ntype=auth\nauth_type=digest\nusername=p\npassword=a-long-one-that-nobody-guesses\n"
PLAN = "[in]\nexten => +442079460000,1,Dial(PJSIP/p)\n"
OUT = "[out]\nexten => _+X.,1,Dial(PJSIP/${EXTEN}@t)\n"
STEP = "exten => 1,1,"

EXAMPLES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "PJ001": ({"p": "[t\ntype=aor\n"}, {"p": "[t]\ntype=aor\n"}),
    "PJ002": ({"p": "[t]\ntype=aor\nmax_contacts 1\n"}, {"p": "[t]\ntype=aor\nmax_contacts=1\n"}),
    "PJ003": ({"p": "[t]\ntype=endpoint\nrtp_symetric=yes\n"}, {"p": "[t]\ntype=endpoint\nrtp_symmetric=yes\n"}),
    "PJ004": ({"p": "[t]\ntype=endpoint\ndtmf_mode=rfc2833\n"}, {"p": "[t]\ntype=endpoint\ndtmf_mode=rfc4733\n"}),
    "PJ005": ({"p": "[t]\ntype=identify\nmatch=192.0.2.1\n"}, {"p": TRUNK + IDENTIFY}),
    "PJ006": ({"p": "[t]\ntype=aor\n[t]\ntype=aor\n"}, {"p": TRUNK}),
    "PJ007": ({"p": "[t]\ntype=endpint\n"}, {"p": TRUNK}),
    "PJ008": ({"p": TRUNK.replace("aors=t", "aors=x")}, {"p": TRUNK}),
    "PJ101": ({"p": TRUNK.replace("aors=t", "aors=t\nauth=t") + ACCOUNT}, {"p": TRUNK + ACCOUNT}),
    "PJ102": (
        {"p": TRUNK + ACCOUNT + REGISTERED + LOGIN},
        {"p": TRUNK.replace("aors=t", "aors=t\noutbound_auth=t") + ACCOUNT + REGISTERED + LOGIN},
    ),
    "PJ103": ({"p": TRUNK}, {"p": TRUNK + IDENTIFY}),
    "PJ104": (
        {"p": TRUNK + IDENTIFY + PHONE + PASSWORD + "[p]\ntype=identify\nendpoint=p\nmatch=203.0.113.0/24\n"},
        {"p": TRUNK + IDENTIFY + PHONE + PASSWORD + "[p]\ntype=identify\nendpoint=p\nmatch=198.51.100.0/24\n"},
    ),
    "PJ105": ({"p": TRUNK + REGISTERED + "line=yes\n"}, {"p": TRUNK + REGISTERED + "line=yes\nendpoint=t\n"}),
    "PJ106": (
        {"p": TRUNK + REGISTERED, "e": PLAN},
        {"p": TRUNK + REGISTERED + "contact_user=me\n", "e": PLAN},
    ),
    "PJ107": (
        {"p": TRUNK.replace("aors=t", "aors=t\noutbound_auth=t") + ACCOUNT + "realm=asterisk\n"},
        {"p": TRUNK.replace("aors=t", "aors=t\noutbound_auth=t") + ACCOUNT},
    ),
    "PJ108": (
        {"p": "[t]\ntype=registration\nserver_uri=sip:me@203.0.113.10\nclient_uri=sip:203.0.113.10\n"},
        {"p": REGISTERED},
    ),
    "PJ109": (
        {"p": TRUNK + "[t]\ntype=identify\nendpoint=t\nmatch_header=X-A: b\n[anonymous]\ntype=endpoint\nallow=alaw\n"},
        {"p": TRUNK + "[t]\ntype=identify\nendpoint=t\nmatch_header=X-A: b\n"},
    ),
    "PJ110": (
        {"p": "[g]\ntype=global\nendpoint_identifier_order=username,ip\n"},
        {"p": "[g]\ntype=global\nendpoint_identifier_order=ip,username\n"},
    ),
    "PJ111": ({"p": TRUNK.replace("allow_overlap=no", "")}, {"p": TRUNK}),
    "PJ112": ({"p": REGISTERED.replace("max_retries=1000", "")}, {"p": REGISTERED}),
    "PJ113": (
        {"p": TRUNK.replace("aors=t", "aors=t\nacl=office")},
        {"p": TRUNK.replace("aors=t", "aors=t\nacl=office"), "acl.conf": "[office]\npermit=203.0.113.0/24\n"},
    ),
    "PJ114": (
        {"p": TRUNK.replace("aors=t", "aors=t\ndeny=0.0.0.0/0\npermit=198.51.100.0/24")},
        {"p": TRUNK.replace("aors=t", "aors=t\ndeny=0.0.0.0/0\npermit=203.0.113.0/24")},
    ),
    "PJ201": ({"p": NAT.replace("local_net=10.0.0.0/8", "")}, {"p": NAT}),
    "PJ202": ({"p": NAT.replace("external_media_address=203.0.113.1", "")}, {"p": NAT}),
    "PJ203": ({"p": NAT.replace("10.0.0.0/8", "0.0.0.0/0") + TRUNK}, {"p": NAT + TRUNK}),
    "PJ204": ({"p": NAT + TRUNK.replace("direct_media=no", "")}, {"p": NAT + TRUNK}),
    "PJ205": ({"p": TRUNK.replace("allow=!all,alaw", "disallow=all")}, {"p": TRUNK}),
    "PJ206": (
        {"p": TRUNK.replace("allow=!all,alaw", "allow=alaw\ndisallow=all")},
        {"p": TRUNK.replace("allow=!all,alaw", "disallow=all\nallow=alaw")},
    ),
    "PJ208": ({"p": TRUNK.replace("aors=t", "aors=t\nrewrite_contact=yes")}, {"p": TRUNK}),
    "PJ209": (
        {"p": NAT + TRUNK.replace("qualify_frequency=25", "") + REGISTERED},
        {"p": NAT + TRUNK + REGISTERED},
    ),
    "PJ210": ({"p": NAT.replace("signaling_address=203.0.113.1", "signaling_address=203.0.113.2")}, {"p": NAT}),
    "PJ601": (
        {"p": TRUNK.replace("aors=t", "aors=t\ncallerid=<1>")},
        {"p": PHONE.replace("aors=p", "aors=p\ncallerid=<1>") + PASSWORD},
    ),
    "PJ602": (
        {"p": TRUNK.replace("aors=t", "aors=t\nfrom_user=me")},
        {"p": TRUNK.replace("aors=t", "aors=t\nfrom_user=me\nsend_pai=yes")},
    ),
    "PJ301": ({"p": "[t]\ntype=endpoint\ninsecure=port\n"}, {"p": TRUNK}),
    "PJ302": ({"e": f"[in]\n{STEP}Dial(SIP/t/1)\n"}, {"e": f"[in]\n{STEP}Dial(PJSIP/t)\n"}),
    "PJ303": ({"sip.conf": "[general]\n[t]\ntype=peer\n"}, {"sip.conf": "; moved to pjsip.conf\n"}),
    "PJ304": ({"p": ACCOUNT.replace("digest", "userpass")}, {"p": ACCOUNT}),
    "PJ305": ({"e": f"[in]\n{STEP}Macro(x)\n"}, {"e": f"[in]\n{STEP}Gosub(x,s,1)\n"}),
    "PJ401": ({"p": TRUNK.replace("context=in", "")}, {"p": TRUNK}),
    "PJ402": ({"p": TRUNK.replace("context=in", "context=inn"), "e": PLAN}, {"p": TRUNK, "e": PLAN}),
    "PJ403": ({"p": TRUNK, "e": f"[in]\nexten => 442079460000,1,{STEP}\n"}, {"p": TRUNK, "e": PLAN}),
    "PJ404": ({"p": TRUNK, "e": "[in]\nexten => _X.,1,Answer()\n"}, {"p": TRUNK, "e": PLAN}),
    "PJ405": ({"e": "[a]\nexten => _.,1,Answer()\n"}, {"e": "[a]\nexten => _X.,1,Answer()\n"}),
    "PJ406": ({"e": "[in]\ninclude => x\n"}, {"e": "[in]\ninclude => x\ninclude => parkedcalls\n[x]\n"}),
    "PJ407": (
        {"p": TRUNK, "e": f"[in]\n{STEP}Dial(PJSIP/1@tt)\n"},
        {"p": TRUNK, "e": f"[in]\n{STEP}Dial(PJSIP/1@t)\n"},
    ),
    "PJ408": ({"e": "[in]\nexten => 1,2,Answer()\n"}, {"e": f"[in]\n{STEP}Answer()\n"}),
    "PJ501": (
        {"p": TRUNK + f"[anonymous]\ntype=endpoint\n{END}", "e": PLAN + "include => out\n" + OUT},
        {"p": TRUNK + f"[anonymous]\ntype=endpoint\n{END}", "e": PLAN + OUT},
    ),
    "PJ502": ({"p": PHONE + PASSWORD.replace("a-long-one-that-nobody-guesses", "1234")}, {"p": PHONE + PASSWORD}),
    "PJ503": ({"p": PHONE.replace("auth=p", "")}, {"p": PHONE + PASSWORD}),
    "PJ504": ({"p": TRUNK + IDENTIFY.replace("203.0.113.10", "0.0.0.0/0")}, {"p": TRUNK + IDENTIFY}),
}
"""Of each rule one configuration that breaks it and one that keeps it; p is pjsip.conf, e extensions.conf."""
NAMES = {"p": "pjsip.conf", "e": "extensions.conf"}
FIREWALL = (
    "define rtp = 10000-10199\nip daddr $wan udp dport 5060 dnat to $pbx\nip daddr $wan udp dport $rtp dnat to $pbx\n"
)


def ids(files: dict[str, str], firewall: str = "") -> list[str]:
    return [
        found.id
        for found in lint_files({NAMES.get(name, name): text for name, text in files.items()}, firewall).findings
    ]


def test_every_rule_has_its_examples() -> None:
    assert {*EXAMPLES, "PJ207"} == set(RULES)


@pytest.mark.parametrize("id_", EXAMPLES)
def test_a_rule_finds_what_it_is_for_and_nothing_else(id_: str) -> None:
    broken, kept = EXAMPLES[id_]
    assert id_ in ids(broken)
    assert id_ not in ids(kept)


@pytest.mark.parametrize(
    ("rtp", "firewall", "found"),
    [
        ("[general]\nrtpstart=10000\nrtpend=10199\n", FIREWALL, False),
        ("[general]\nrtpstart=10000\nrtpend=20000\n", FIREWALL, True),
        ("", FIREWALL, True),
        ("", "-A FORWARD -p udp -m udp --dport 5000:31000 -j ACCEPT\n", False),
        ("[general]\nrtpstart=10000\nrtpend=20000\n", "udp dport { 5060, 10000-20000 } accept", False),
        ("[general]\nrtpstart=10000\nrtpend=20000\n", "", False),
    ],
)
def test_rtp_ports_are_compared_with_the_firewall(rtp: str, firewall: str, found: bool) -> None:
    assert ("PJ207" in ids({"rtp.conf": rtp, "p": ""}, firewall)) == found


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_says_why_what_to_do_where_taught_and_where_written(rule: object) -> None:
    values = [getattr(rule, name) for name in ("title", "why", "fix", "lesson", "source")]
    assert all(values)
    assert rule.severity in ("error", "warning", "hint")


def test_every_rule_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs/configuration.md").read_text()
    rows = [f"| {rule.id} | {rule.severity} | {rule.title} | {rule.lesson} |" for rule in RULES.values()]
    assert [row for row in rows if row not in page] == []
    assert page.count("| PJ") == len(rows)


def healthy() -> dict[str, str]:
    values = {**address_values(topology.load()), **own_values(), "pbx.control": "127.0.0.1", "pbx.folder": "/lab/pbx"}
    folder = lab_env() / "pbx"
    names = [path for path in folder.rglob("*.conf") if path.name in ("pjsip.conf", "extensions.conf", "rtp.conf")]
    names += list((folder / "pjsip.d").glob("*.conf"))
    return {str(path.relative_to(folder)): render(path.read_text(), values, path.name) for path in names}


def test_the_healthy_lab_has_no_findings() -> None:
    report = lint_files(healthy(), (lab_env() / "router/rules.nft").read_text())
    assert str(report) == "No findings."


def test_a_finding_has_its_place_and_the_nearest_right_word() -> None:
    (found,) = lint_files({"pjsip.conf": "[a]\ntype=endpoint\nallow=alaw\nrtp_symetric=yes\n"}).errors
    assert (found.file, found.line, found.object, found.option) == ("pjsip.conf", 4, "endpoint a", "rtp_symetric")
    assert "did you mean 'rtp_symmetric'?" in found.text


def test_an_option_in_the_wrong_object_is_told_its_right_one() -> None:
    (found,) = lint_files({"pjsip.conf": "[a]\ntype=endpoint\nmax_contacts=1\n"}).errors
    assert found.fix == "max_contacts is an option of aor: set it there."


def test_a_piece_is_not_blamed_for_what_may_be_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "trunk.conf").write_text(TRUNK.replace("aors=t", "aors=elsewhere"))
    (tmp_path / "rtp.conf").write_text("[general]\nrtpstart=1\n")
    (tmp_path / "torn.conf").write_text("[t\ntype=endpoint\n")
    assert lint(tmp_path / "trunk.conf").findings == ()
    assert lint(tmp_path / "rtp.conf").findings == ()
    assert [found.id for found in lint(tmp_path / "torn.conf").findings] == ["PJ001"]


def test_errors_come_first() -> None:
    report = lint_files({"pjsip.conf": TRUNK.replace("allow_overlap=no", "") + "[x]\ntype=endpoint\nfoo=1\n"})
    severities = [found.severity for found in report.findings]
    assert severities == sorted(severities, key=["error", "warning", "hint"].index)
    assert str(Report(report.findings)).endswith("1 error, 1 warning, 1 hint")


def test_the_command_prints_findings_and_fails_for_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pjsip.conf").write_text("[a]\ntype=endpoint\nfoo=1\n")
    assert main(["lint", str(tmp_path), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["id"], found["line"]) == ("PJ003", 3)
    assert main(["lint", "--rules"]) == 0
    assert "PJ103" in capsys.readouterr().out
    (tmp_path / "pjsip.conf").write_text(PHONE + PASSWORD)
    assert main(["lint", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "No findings.\n"
    assert main(["lint"]) == 1
    assert "Give a folder" in capsys.readouterr().err
