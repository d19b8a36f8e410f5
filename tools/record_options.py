"""Write labkit/pjsip/options.tsv: every option of every PJSIP object, by asking a running Asterisk.

    python tools/record_options.py

Names, defaults and versions come from the documentation in Asterisk's package; what kind of value an option takes, and
its true default, from trying values on a bare object in a lab and reading the object back over ARI. Facts only: the
documentation's sentences are under Asterisk's licence and stay in its package.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from labkit.errors import ConfigRejected  # noqa: E402
from labkit.lab.lab import Lab  # noqa: E402
from labkit.runtime import rootfs  # noqa: E402

BARE = {
    "acl": {},
    "aor": {},
    "auth": {"username": "x", "password": "x"},
    "domain_alias": {"domain": "x"},
    "endpoint": {},
    "global": {},
    "identify": {"endpoint": "provider", "match": "192.0.2.1"},
    "outbound-publish": {"server_uri": "sip:127.0.0.1:9", "event": "presence"},
    "registration": {"server_uri": "sip:127.0.0.1:9", "client_uri": "sip:a@127.0.0.1:9"},
    "resource_list": {"event": "presence", "list_item": "a"},
    "system": {},
    "transport": {"bind": "127.0.0.1:%d"},
}
"""What each type must have, for Asterisk to take it."""
SINGLE = ("global", "system")
UNREADABLE = ("acl",)
"""Types that Asterisk cannot give back over ARI."""
KINDS = {
    "allow": "codecs", "disallow": "codecs", "permit": "acl", "deny": "acl", "contact_permit": "acl",
    "contact_deny": "acl", "local_net": "addresses", "match": "addresses", "bind": "address", "timers_min_se": "number",
    "timers_sess_expires": "number", "rtp_port_start": "number", "rtp_port_end": "number", "set_var": "variables",
    "tos": "tos", "tos_audio": "tos", "tos_video": "tos", "qualify_timeout": "decimal",
    "tcp_keepalive_idle_time": "integer", "tcp_keepalive_interval_time": "integer",
    "tcp_keepalive_probe_count": "integer", "mwi_tps_queue_low": "integer", "dtls_rekey": "text",
    "contact": "uris", "server_uri": "uri", "client_uri": "uri", "from_uri": "uri", "to_uri": "uri",
}  # fmt: skip
"""Kinds that no trial of a few words tells."""
TRIALS = ("yes", "7", "zz")


@dataclass
class Option:
    """One option as documented and as tried."""

    default: str
    choices: list[str]
    since: list[str]
    tried: dict[str, dict[str, str] | None] = field(default_factory=dict)


def documented() -> dict[str, dict[str, Option]]:
    """Types and their options out of the XML in Asterisk's package."""
    path = rootfs.ensure().path / "usr/share/asterisk/documentation/core-en_US.xml"
    found: dict[str, dict[str, Option]] = {}
    for file in ElementTree.parse(path).getroot().iter("configFile"):  # noqa: S314 - our own package
        for object_ in file.iter("configObject"):
            if file.get("name") == "pjsip.conf" and object_.get("name") in BARE:
                options = found.setdefault(str(object_.get("name")), {})
                for each in object_.findall("configOption"):
                    options.setdefault(str(each.get("name")), _option(each))
    return found


def _option(element: ElementTree.Element) -> Option:
    choices = [str(each.get("name")) for each in element.findall("description/enumlist/enum")]
    since = [version.text or "" for version in element.findall("since/version")]
    return Option(element.get("default") or "", choices, since)


def text_of(type_: str, name: str, port: int, option: str = "", value: str = "") -> str:
    """One section with what it must have and one more option."""
    must = {**BARE[type_], **({option: value} if option else {})}
    lines = "".join(f"{key}={text % port if '%d' in text else text}\n" for key, text in must.items())
    return f"[{name}]\ntype={type_}\n{lines}"


def tried(lab: Lab, type_: str, options: dict[str, Option]) -> dict[str, str]:
    """Try values on bare objects of a type; gives the bare object's own options."""
    if type_ in UNREADABLE:
        return {}
    if type_ in SINGLE:
        return lab.ari.object(type_, type_) or {}
    sections, names = [text_of(type_, "bare", 20000)], {}
    for option, facts in options.items():
        for value in (*TRIALS, *facts.choices):
            name = f"try{len(sections)}"
            names[name] = (option, value)
            sections.append(text_of(type_, name, 20000 + len(sections), option, value))
    lab.config["pjsip.d/tried.conf"] = "".join(sections)
    with suppress(ConfigRejected):  # which were refused is what we want to know
        lab.reload()
    for name, (option, value) in names.items():
        options[option].tried[value] = lab.ari.object(type_, name)
    return lab.ari.object(type_, "bare") or {}


def kind(name: str, option: Option, default: str) -> str:
    """What kind of value an option takes."""
    if name in KINDS:
        return KINDS[name]
    if default in ("true", "false"):
        return "flag"
    taken = {value for value in TRIALS if (option.tried.get(value) or {}).get(name) == value}
    if default in ("yes", "no", "Yes", "No") and option.tried.get("zz", {}) is not None:
        return "switch"
    if (option.tried.get("zz") is None and "7" in taken) or default.replace(".", "").lstrip("-").isdigit():
        return "number"
    accepted = [choice for choice in option.choices if option.tried.get(choice) is not None]
    return "choice" if accepted and option.tried.get("zz") is None else "text"


def rows(lab: Lab) -> list[str]:
    """The lines of the table."""
    found = []
    for type_, options in sorted(documented().items()):
        options.pop("type", None)
        bare = tried(lab, type_, options)
        for name, option in sorted(options.items()):
            default = "" if name in BARE[type_] else bare.get(name, option.default)
            which = kind(name, option, default)
            choices = [each for each in option.choices if option.tried.get(each) is not None]
            found.append("\t".join((type_, name, which, default, " ".join(choices), " ".join(option.since))))
    return found


def main() -> None:
    """Start a lab, ask, write the table."""
    lab = Lab("record-options").up(fresh=True)
    try:
        head = f"# Asterisk {rootfs.ensure().asterisk_version}; written by tools/record_options.py\n"
        columns = "object\toption\tkind\tdefault\tchoices\tsince\n"
        lab.config["pjsip.d/global.conf"] = "".join(f"[{type_}]\ntype={type_}\n" for type_ in SINGLE)
        lab.restart()
        (ROOT / "labkit/pjsip/options.tsv").write_text(head + columns + "\n".join(rows(lab)) + "\n")
    finally:
        lab.down()


if __name__ == "__main__":
    main()
