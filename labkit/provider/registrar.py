"""The registrar (RFC 3261 section 10.3): bindings of the trunk accounts."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.errors import ParseError
from labkit.provider.trunk import Trunk
from labkit.provider.view import Registered
from labkit.sip.grammar import number
from labkit.sip.message import Request, Row
from labkit.sip.transaction import ServerTransaction
from labkit.sip.transport import Flow
from labkit.sip.uri import Address


@dataclass(slots=True)
class _Binding:
    contact: str
    flow: Flow
    until_s: float
    user_agent: str
    call_id: str
    cseq: int


class Registrar:
    """Bindings by trunk name."""

    def __init__(self) -> None:
        """Start without bindings."""
        self._bindings: dict[str, dict[str, _Binding]] = {}

    def take(self, transaction: ServerTransaction, trunk: Trunk, now_s: float) -> None:
        """Answer a REGISTER whose credentials are right; ParseError when it must not be processed (section 10.3)."""
        request, rules = transaction.request, trunk.registration
        bindings = self._bindings.setdefault(trunk.name, {})
        contacts = request.values("Contact")
        if "*" in contacts:
            if contacts != ["*"] or request.seconds("Expires") != 0:
                raise ParseError("Contact: * goes alone, with Expires: 0")
            bindings.clear()
            contacts = []
        for value in contacts:
            wish_s = _wish(request, value)
            if 0 < wish_s < rules.min_expires_s:
                row: Row = ("Min-Expires", str(rules.min_expires_s))
                transaction.respond(transaction.response(423, rows=[row]))
                return
        for value in contacts:
            life_s = min(_wish(request, value), rules.max_expires_s)
            _bind(bindings, value, life_s, transaction, now_s)
        rows: list[Row] = [
            ("Contact", f"<{found.contact}>;expires={round(found.until_s - now_s)}")
            for found in bindings.values()
            if found.until_s > now_s
        ]
        transaction.respond(transaction.response(200, rows=rows))

    def target(self, trunk: Trunk, now_s: float) -> tuple[str, Flow] | None:
        """Give the newest living binding: contact URI and the flow its REGISTER came by (RFC 5626 in spirit)."""
        living = [found for found in self._bindings.get(trunk.name, {}).values() if found.until_s > now_s]
        return (living[-1].contact, living[-1].flow) if living else None

    def forget(self) -> None:
        """Drop every binding, as a registrar does that was restarted."""
        self._bindings.clear()

    def registered(self, trunks: tuple[Trunk, ...], now_s: float) -> list[Registered]:
        """List the living bindings."""
        return [
            Registered(
                trunk.name, trunk.account, found.contact, "{}:{}".format(*found.flow.remote),
                found.flow.channel.protocol, found.until_s - now_s, found.user_agent,
            )
            for trunk in trunks
            for found in self._bindings.get(trunk.name, {}).values()
            if found.until_s > now_s
        ]  # fmt: skip


def _wish(request: Request, contact: str) -> int:
    own = number(Address.parse(contact).params.get("expires") or "")
    asked = request.seconds("Expires") if own is None else own
    return 3600 if asked is None else asked


def _bind(
    bindings: dict[str, _Binding], contact: str, life_s: int, transaction: ServerTransaction, now_s: float
) -> None:
    request = transaction.request
    uri = str(Address.parse(contact).uri)
    old = bindings.get(uri)
    if old and old.call_id == request.call_id and request.cseq.number <= old.cseq:
        raise ParseError(f"REGISTER out of order: CSeq {request.cseq.number} after {old.cseq}")
    bindings.pop(uri, None)
    if life_s:
        agent = request.get("User-Agent") or ""
        bindings[uri] = _Binding(uri, transaction.flow, now_s + life_s, agent, request.call_id, request.cseq.number)
