"""Habits of chan_sip and of old tutorials (docs.asterisk.org, Migrating from chan_sip to res_pjsip)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labkit.pjsip.dialplan import HINT
from labkit.pjsip.lint.rule import Spot, rule
from labkit.pjsip.lint.subject import Subject

PEER_OPTIONS = {
    "allowguest": "an endpoint named anonymous, if at all",
    "callcounter": "nothing, Asterisk always counts",
    "call-limit": "device_state_busy_at, or GROUP_COUNT() in the dialplan",
    "canreinvite": "direct_media",
    "defaultuser": "username of the auth, and contact_user",
    "directmedia": "direct_media",
    "dtmfmode": "dtmf_mode",
    "encryption": "media_encryption = sdes",
    "externaddr": "external_media_address and external_signaling_address of the transport",
    "externhost": "external_media_address and external_signaling_address of the transport",
    "externip": "external_media_address and external_signaling_address of the transport",
    "fromdomain": "from_domain",
    "fromuser": "from_user",
    "host": "contact of an aor, and match of an identify",
    "insecure": "nothing: leave auth out and identify the peer by an identify with match",
    "localnet": "local_net of the transport",
    "mailbox": "mailboxes",
    "nat": "force_rport, rtp_symmetric and rewrite_contact",
    "outboundproxy": "outbound_proxy",
    "progressinband": "inband_progress",
    "qualify": "qualify_frequency of the aor",
    "qualifyfreq": "qualify_frequency of the aor",
    "register": "an object of type registration",
    "remotesecret": "password of the auth that outbound_auth names",
    "rtptimeout": "rtp_timeout",
    "secret": "password of an auth",
    "sendrpid": "send_pai or send_rpid",
    "session-timers": "timers",
    "setvar": "set_var",
    "srvlookup": "nothing, PJSIP always looks up",
    "tcpenable": "an object of type transport with protocol = tcp",
    "trustrpid": "trust_id_inbound",
    "udpbindaddr": "bind of the transport",
}
"""Options of sip.conf, and what takes their place."""
_PAGE = "docs.asterisk.org, Migrating from chan_sip to res_pjsip"
_DIAL = re.compile(r"(?<![A-Z])SIP/", re.IGNORECASE)
_GONE = {
    "Macro": "Gosub", "MacroExit": "Return", "MacroIf": "GosubIf", "SIPAddHeader": "Set(PJSIP_HEADER(add,...))",
    "SIPRemoveHeader": "Set(PJSIP_HEADER(remove,...))", "SIPDtmfMode": "PJSIP_DTMF_MODE()", "Monitor": "MixMonitor",
    "SIPCHANINFO": "CHANNEL(pjsip,...)", "SIPPEER": "PJSIP_ENDPOINT()", "SIP_HEADER": "PJSIP_HEADER(read,...)",
}  # fmt: skip
_FUNCTIONS = re.compile(r"\b(SIPCHANINFO|SIPPEER|SIP_HEADER)\(")


@rule(
    "PJ301", "error", "An option of sip.conf in pjsip.conf",
    why="PJSIP does not know chan_sip's options; one of them costs the whole object.",
    fix="Say it in PJSIP's words.",
    lesson="18", source=_PAGE,
)  # fmt: skip
def peer_option(subject: Subject) -> Iterator[Spot]:
    """chan_sip's options in PJSIP's objects, and sections of type peer, friend or user."""
    for refusal in subject.objects.refused:
        option = refusal.option
        if option and (instead := PEER_OPTIONS.get(option.name.lower())):
            text = f"{refusal.object.type} [{refusal.object.id}] is not loaded: {option.name} is an option of sip.conf"
            yield Spot(text, option.file, option.line, f"{refusal.object.type} {refusal.object.id}", option.name,
                       f"In PJSIP it is {instead}.")  # fmt: skip
    for section in subject.objects.config.objects:
        if section.type in ("peer", "friend", "user"):
            text = f"[{section.name}] has type {section.type}, as in sip.conf: PJSIP reads over it"
            yield Spot(text, section.file, section.line, option="type", fix="labkit migrate sip.conf writes them.")


@rule(
    "PJ302", "error", "A call by SIP/, which is chan_sip",
    why="chan_sip is gone since Asterisk 21: the call fails at once, `Unable to create channel of type 'SIP'`.",
    fix="Dial PJSIP/number@endpoint, or PJSIP/endpoint for a phone.",
    lesson="18", source=_PAGE,
)  # fmt: skip
def sip_dialled(subject: Subject) -> Iterator[Spot]:
    """Dial strings of chan_sip."""
    for context in subject.plan.contexts.values():
        for extension in context.extensions:
            for step in extension.steps.values():
                called = step.priority == HINT or step.application.lower() in ("dial", "queue", "page")
                if called and _DIAL.search(str(step)):
                    text = f"{extension.pattern}@{context.name} calls {str(step).split(',')[0]}"
                    yield Spot(text, step.file, step.line, context.name, extension.pattern)


@rule(
    "PJ303", "warning", "A sip.conf, which no Asterisk reads any more",
    why="Asterisk 21 and later have no chan_sip; what stands in sip.conf has no effect.",
    fix="labkit migrate sip.conf writes the PJSIP objects; then remove the file.",
    lesson="18", source=_PAGE,
)  # fmt: skip
def sip_conf(subject: Subject) -> Iterator[Spot]:
    """A sip.conf that holds anything."""
    for name in subject.files:
        if name.rpartition("/")[2] == "sip.conf":
            sections = [section.name for section in subject.config(name).objects]
            if sections:
                yield Spot(f"it holds {', '.join(sections[:5])}", name)


@rule(
    "PJ304", "hint", "auth_type = userpass is the old name of digest",
    why="userpass and md5 are deprecated since 20.12, 21.7 and 22.2; a later Asterisk may refuse them.",
    fix="Write auth_type = digest; from md5_cred becomes password_digest.",
    lesson="08", source="docs.asterisk.org, PJSIP Authentication",
)  # fmt: skip
def old_auth_type(subject: Subject) -> Iterator[Spot]:
    """Deprecated kinds of auth."""
    for auth in subject.objects.auths.values():
        setting = auth.setting("auth_type")
        if setting.given and setting.value.lower() in ("userpass", "md5"):
            text = f"auth [{auth.id}] has auth_type = {setting.value}"
            yield Spot(text, setting.file, setting.line, f"auth {auth.id}", "auth_type")


@rule(
    "PJ305", "warning", "An application or function that is gone",
    why="Asterisk 21 removed it together with chan_sip, app_macro and res_monitor: the call ends there.",
    fix="Use what took its place.",
    lesson="18", source="Asterisk's UPGRADE notes for 21",
)  # fmt: skip
def gone(subject: Subject) -> Iterator[Spot]:
    """Steps that run what is no longer there."""
    names = {name.lower(): name for name in _GONE}
    for context in subject.plan.contexts.values():
        for extension in context.extensions:
            for step in extension.steps.values():
                found = [names.get(step.application.lower()), *_FUNCTIONS.findall(step.arguments)]
                for name in filter(None, found):
                    text = f"{extension.pattern}@{context.name} uses {name}"
                    yield Spot(text, step.file, step.line, context.name, extension.pattern, f"Use {_GONE[name]}.")
