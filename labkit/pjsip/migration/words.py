"""chan_sip's words for a peer, and what each becomes in PJSIP's endpoint and AOR.

By docs.asterisk.org (Migrating from chan_sip to res_pjsip) and the sample sip.conf of Asterisk 18, the last with it.
"""

from __future__ import annotations

from collections.abc import Callable

from labkit.pjsip.config import Option
from labkit.pjsip.migration.draft import Draft, source
from labkit.pjsip.reference import true

Word = Callable[[Draft, Draft, Option], None]
"""Writes an option into the endpoint and the AOR."""


def _same(name: str) -> Word:
    return lambda endpoint, aor, option: endpoint.set(name, option.value, option)


def _flag(name: str) -> Word:
    return lambda endpoint, aor, option: endpoint.set(name, "yes" if true(option.value) else "no", option)


def _dtmf(endpoint: Draft, aor: Draft, option: Option) -> None:
    mode = {"rfc2833": "rfc4733", "shortinfo": "info"}.get(option.value.lower(), option.value.lower())
    endpoint.set("dtmf_mode", mode if mode in ("rfc4733", "inband", "info", "auto") else "rfc4733", option)


def _nat(endpoint: Draft, aor: Draft, option: Option) -> None:
    words = {word.strip().lower() for word in option.value.split(",")}
    everything = bool(words & {"yes", "route"})
    endpoint.set("force_rport", "no" if words & {"no", "never"} else "yes", option)
    if everything or words & {"comedia", "auto_comedia"}:
        endpoint.set("rtp_symmetric", "yes", option)
    if aor.has("max_contacts") and (everything or words & {"force_rport", "auto_force_rport"}):
        endpoint.set("rewrite_contact", "yes", f"its Contact may be private; {source(option)}")


def _direct_media(endpoint: Draft, aor: Draft, option: Option) -> None:
    words = {word.strip().lower() for word in option.value.split(",")}
    endpoint.set("direct_media", "no" if words & {"no", "off", "false"} else "yes", option)
    if "nonat" in words:
        endpoint.set("disable_direct_media_on_nat", "yes", option)
    if "update" in words:
        endpoint.set("direct_media_method", "update", option)
    if "outgoing" in words:
        endpoint.set("direct_media_glare_mitigation", "outgoing", option)


def _qualify(endpoint: Draft, aor: Draft, option: Option) -> None:
    if option.value.lower() in ("no", "off", "0"):
        aor.set("qualify_frequency", "0", option)
        return
    if not any(line.name == "qualify_frequency" and line.value != "0" for line in aor.lines):
        aor.set("qualify_frequency", "60", option)
    if option.value.isdecimal():
        aor.set("qualify_timeout", f"{int(option.value) / 1000:g}", option)


def _qualify_often(endpoint: Draft, aor: Draft, option: Option) -> None:
    aor.set("qualify_frequency", option.value, option)


def _identity(endpoint: Draft, aor: Draft, option: Option) -> None:
    if option.value.lower() == "pai":
        endpoint.set("send_pai", "yes", option)
    else:
        endpoint.set("send_rpid", "yes" if true(option.value) or option.value.lower() == "rpid" else "no", option)


def _timers(endpoint: Draft, aor: Draft, option: Option) -> None:
    endpoint.set("timers", {"originate": "always", "refuse": "no"}.get(option.value.lower(), "yes"), option)


def _least_session(endpoint: Draft, aor: Draft, option: Option) -> None:
    endpoint.set("timers_min_se", str(max(90, int(option.value))) if option.value.isdecimal() else "90", option)


def _encryption(endpoint: Draft, aor: Draft, option: Option) -> None:
    endpoint.set("media_encryption", "sdes" if true(option.value) else "no", option)


def _transport(endpoint: Draft, aor: Draft, option: Option) -> None:
    first = option.value.split(",")[0].strip().lower()
    endpoint.set("transport", f"transport-{first}", option)


def _proxy(endpoint: Draft, aor: Draft, option: Option) -> None:
    host = option.value.split(",")[0].removeprefix("sip:")
    for draft in (endpoint, aor):
        draft.set("outbound_proxy", f"sip:{host};lr", option)


def _fax(endpoint: Draft, aor: Draft, option: Option) -> None:
    words = [word.strip().lower() for word in option.value.split(",")]
    endpoint.set("t38_udptl", "yes" if true(words[0]) else "no", option)
    if correction := next((word for word in words if word in ("fec", "redundancy")), None):
        endpoint.set("t38_udptl_ec", correction, option)


def _progress(endpoint: Draft, aor: Draft, option: Option) -> None:
    endpoint.set("inband_progress", "yes" if true(option.value) else "no", option)


def _codecs(endpoint: Draft, aor: Draft, option: Option) -> None:
    endpoint.set(option.name.lower(), option.value, option)


WORDS: dict[str, Word] = {
    **dict.fromkeys(("allow", "disallow"), _codecs),
    **{name: _flag(to) for name, to in (
        ("allowoverlap", "allow_overlap"), ("allowsubscribe", "allow_subscribe"), ("allowtransfer", "allow_transfer"),
        ("faxdetect", "fax_detect"), ("g726nonstandard", "g726_non_standard"), ("icesupport", "ice_support"),
        ("trustrpid", "trust_id_inbound"), ("usereqphone", "user_eq_phone"), ("avpf", "use_avpf"),
        ("preferred_codec_only", "preferred_codec_only"), ("rpid_immediate", "rpid_immediate"),
    )},
    **{name: _same(to) for name, to in (
        ("accountcode", "accountcode"), ("acl", "acl"), ("busylevel", "device_state_busy_at"),
        ("call-limit", "device_state_busy_at"), ("callerid", "callerid"), ("callgroup", "call_group"),
        ("contactdeny", "contact_deny"), ("contactpermit", "contact_permit"), ("context", "context"), ("deny", "deny"),
        ("fromdomain", "from_domain"), ("fromuser", "from_user"), ("language", "language"), ("mailbox", "mailboxes"),
        ("mohsuggest", "moh_suggest"), ("namedcallgroup", "named_call_group"), ("permit", "permit"),
        ("namedpickupgroup", "named_pickup_group"), ("pickupgroup", "pickup_group"),
        ("rtpholdtimeout", "rtp_timeout_hold"), ("rtpkeepalive", "rtp_keepalive"), ("rtptimeout", "rtp_timeout"),
        ("session-expires", "timers_sess_expires"), ("setvar", "set_var"), ("subscribecontext", "subscribe_context"),
        ("tos_audio", "tos_audio"), ("vmexten", "voicemail_extension"), ("cid_number", "callerid"),
    )},
    "canreinvite": _direct_media, "directmedia": _direct_media, "dtmfmode": _dtmf, "encryption": _encryption,
    "nat": _nat, "outboundproxy": _proxy, "progressinband": _progress, "qualify": _qualify,
    "qualifyfreq": _qualify_often, "sendrpid": _identity, "session-minse": _least_session, "session-timers": _timers,
    "t38pt_udptl": _fax, "transport": _transport,
}  # fmt: skip
"""Options of a peer, or of [general] for all peers."""

GONE = {
    "allowguest": "PJSIP takes no guests unless there is an endpoint named anonymous; none is made",
    "amaflags": "PJSIP has no such option; set CHANNEL(amaflags) in the dialplan",
    "callcounter": "PJSIP always counts calls",
    "compactheaders": "write compact_headers into a section of type system",
    "directrtpsetup": "PJSIP has no such option",
    "limitonpeers": "PJSIP always counts calls by endpoint",
    "pedantic": "PJSIP always reads SIP to the letter",
    "rtautoclear": "realtime is set up in sorcery.conf",
    "rtcachefriends": "realtime is set up in sorcery.conf",
    "srvlookup": "PJSIP always looks up",
    "videosupport": "video is a question of allow and max_video_streams",
    "alwaysauthreject": "PJSIP always answers so",
    "notifyringing": "PJSIP always notifies",
    "notifyhold": "PJSIP always notifies",
    "useclientcode": "PJSIP has no such option",
}
"""Options that need nothing in their place, or something that is not in pjsip.conf, and why."""
