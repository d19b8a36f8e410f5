"""Calls to the customer: which trunk has the number, where the PBX is, and how the INVITE is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from labkit.errors import LabError
from labkit.provider.ledger import Line
from labkit.provider.media import media_for, negotiation_for, with_isup
from labkit.provider.numbering import written
from labkit.provider.trunk import Trunk
from labkit.provider.view import CallEntry
from labkit.sip.agent import Identity
from labkit.sip.caller import OutgoingCall
from labkit.sip.message import Row
from labkit.sip.transport import Flow
from labkit.sip.uri import Address, Uri, host_port, split_host_port

if TYPE_CHECKING:
    from labkit.provider.service import Service

RING_S = 60.0
"""An inbound call that nobody answers is cancelled after this, where the trunk says nothing else."""


def place_inbound(service: Service, did: str, caller: str, plays: str) -> tuple[Line, OutgoingCall]:
    """Call a customer's number; LabError when no trunk has it or its PBX is not registered."""
    trunk = _trunk_of(service, did)
    contact, flow = _target(service, trunk)
    media, session = media_for(service.policy.media, None, service.policy.resolve, plays)
    called = written(did, trunk.inbound.did_form, service.policy.country_code)
    source = host_port(*flow.remote)
    attempt = CallEntry(service.ledger.name(), "inbound", trunk.name, caller, did, source, service.now_s)
    identity, rows = _caller(service, trunk, caller)
    call = OutgoingCall(service.agent, identity, negotiation_for(media, trunk), flow)
    line = service.keep(attempt, call, session, trunk)
    call.with_offer, call.reliable = trunk.inbound.with_offer, bool(trunk.inbound.reliable)
    uri, to, more = _addressed(service, trunk, contact, called)
    if trunk.inbound.reliable == "required":
        more.append(("Require", "100rel"))
    call.wrap = with_isup if trunk.inbound.multipart else None
    call.place(str(uri), to=to, rows=[*rows, *more, *trunk.inbound.headers.items()])
    service.agent.timers.after(trunk.inbound.cancel_after_s or RING_S, call.cancel)
    return line, call


def _trunk_of(service: Service, did: str) -> Trunk:
    trunk = next((item for item in service.policy.trunk if did in item.dids and not item.suspended), None)
    if trunk is None:
        known = ", ".join(number for item in service.policy.trunk for number in item.dids) or "none"
        raise LabError(f"{did} is routed to no trunk; routed numbers: {known}", did=did)
    return trunk


def _target(service: Service, trunk: Trunk) -> tuple[Uri, Flow]:
    """Give the PBX's URI and the flow to it: the registered one, or the trunk's peer."""
    sbc = service.policy.sbcs[trunk.inbound.sbc or trunk.sbc]
    wire = service.agent.wire
    if trunk.kind == "address":
        name, port = split_host_port(trunk.peer or next(iter(trunk.allow), ""))
        remote = (service.policy.resolve(name), port or 5060)
        return Uri("sip", None, host=remote[0], port=remote[1]), wire.flow_to("UDP", remote, sbc)
    found = service.registrar.target(trunk, service.now_s)
    if found is None:
        raise LabError(f"trunk {trunk.name}: account {trunk.account} is not registered, nowhere to send the call")
    contact, flow = Uri.parse(found[0]), found[1]
    if trunk.inbound.next_hop == "contact":
        return contact, wire.flow_to("UDP", (contact.host, contact.port or 5060), sbc)
    return contact, flow if flow.channel.reliable else wire.flow_to("UDP", flow.remote, sbc)


def _caller(service: Service, trunk: Trunk, caller: str) -> tuple[Identity, list[Row]]:
    rules, domain = trunk.inbound, service.policy.domain
    shown = written(caller, rules.caller_form, service.policy.country_code) if caller.startswith("+") else caller
    identity = service.identity(shown if "From" in rules.caller_in else trunk.account)
    rows = [(name, f"<sip:{shown}@{domain}>") for name in rules.caller_in if name != "From"]
    address = replace(identity.address, display=rules.caller_name)
    return replace(identity, address=address, contact_user=shown), rows


def _addressed(service: Service, trunk: Trunk, contact: Uri, called: str) -> tuple[Uri, Address, list[Row]]:
    """Write the called number where the trunk's rule says: Request-URI, To, P-Called-Party-ID (RFC 7315), Diversion."""
    domain, place = service.policy.domain, trunk.inbound.did_in
    number_uri = Uri("sip", called, host=domain)
    if place == "request-uri":
        return replace(contact, user=called), Address(number_uri), []
    account = replace(contact, user=contact.user or trunk.account or None)
    if place == "to":
        return account, Address(number_uri), []
    header = "P-Called-Party-ID" if place == "p-called-party-id" else "Diversion"
    return account, Address(replace(number_uri, user=trunk.account or "trunk")), [(header, f"<{number_uri}>")]
