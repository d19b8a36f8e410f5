"""Whether a request from outside is let in: which trunk it belongs to, and everything that can be held against it."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from labkit.errors import ParseError
from labkit.provider.caller_id import Presented, presented
from labkit.provider.numbering import read_number
from labkit.provider.policy import Policy
from labkit.provider.telephone import Telephone
from labkit.provider.trunk import Trunk
from labkit.sip.digest import DigestServer, fields_of
from labkit.sip.message import Request, Row
from labkit.sip.transaction import ServerTransaction


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in."""

    status: int
    """Final status; 0 answers nothing at all."""
    reason: str = ""
    """Reason phrase; the usual one where empty."""
    rows: tuple[Row, ...] = ()
    """Further headers."""
    challenge: bool = False
    """Whether it only asks for credentials: no entry in the portal."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """An outbound call that is let in."""

    trunk: Trunk
    """Whose call it is."""
    telephone: Telephone
    """Who is called."""
    presented: Presented
    """What caller ID is shown there."""


@dataclass(slots=True)
class Admission:
    """The rules of a policy, with the memory they need: nonces and call rates."""

    policy: Policy
    """The rules."""
    _digest: dict[str, DigestServer] = field(default_factory=dict)
    _starts: dict[str, deque[float]] = field(default_factory=dict)

    def trunk_of(self, transaction: ServerTransaction) -> Trunk | None:
        """Find the trunk that a request belongs to: by SBC, then by account, then by source address."""
        host, protocol = transaction.flow.channel.local[0], transaction.flow.channel.protocol.lower()
        sbc = self.policy.sbc_of(host)
        here = [item for item in self.policy.trunk if item.sbc == sbc and protocol in item.transports]
        claimed = _claimed(transaction.request)
        accounts = [item for item in here if item.kind == "registration" and item.account in claimed]
        source = transaction.flow.remote[0]
        known = [item for item in here if item.kind == "address" and self._allowed(item, source)]
        registering = [item for item in here if item.kind == "registration"]
        return next(iter([*accounts, *known, *registering]), None)

    def _allowed(self, trunk: Trunk, source: str) -> bool:
        return source in [self.policy.resolve(name) for name in trunk.allow]

    def credentials(self, transaction: ServerTransaction, trunk: Trunk, now_s: float, *, proxy: bool) -> Refusal | None:
        """Check a digest; the refusal is a challenge or, for wrong credentials, another challenge or 403."""
        server = self._server(trunk)
        header = "Proxy-Authorization" if proxy else "Authorization"
        verdict = server.check(transaction.request, header, now_s)
        if verdict.ok and verdict.username == trunk.account:
            return None
        if verdict.ok:
            return Refusal(403, "Not your account")
        name = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
        values = server.challenges(now_s, stale=verdict.stale)
        for realm in trunk.digest.more_realms:
            values += DigestServer(realm, {}, trunk.digest.algorithms, trunk.digest.qop).challenges(now_s)
        reason = verdict.why.capitalize() if verdict.username and not verdict.stale else ""
        first = not verdict.username or verdict.stale
        return Refusal(407 if proxy else 401, reason, tuple((name, value) for value in values), challenge=first)

    def _server(self, trunk: Trunk) -> DigestServer:
        rules = trunk.digest
        made = DigestServer(
            rules.realm or self.policy.domain, {trunk.account: trunk.password}, rules.algorithms, rules.qop,
            rules.nonce_life_s,
        )  # fmt: skip
        kept = self._digest.get(trunk.name)
        if kept:
            made._nonces = kept._nonces
        self._digest[trunk.name] = made
        return made

    def call(
        self, transaction: ServerTransaction, trunk: Trunk | None, now_s: float, calls_up: int
    ) -> Admitted | Refusal:
        """Judge an outbound INVITE."""
        if trunk is None:
            return Refusal(403, "Source address not allowed")
        request, source = transaction.request, transaction.flow.remote[0]
        if trunk.allow and not self._allowed(trunk, source):
            return Refusal(403, "Source address not allowed")
        if trunk.suspended:
            return Refusal(403, "Account suspended")
        if trunk.kind == "registration" and trunk.challenge_invite:
            refusal = self.credentials(transaction, trunk, now_s, proxy=trunk.digest.invite_status == 407)
            if refusal:
                return refusal
        return (
            self._form(request, trunk, transaction.flow.channel.local[0])
            or self._limits(trunk, now_s, calls_up)
            or self._number(request, trunk)
        )

    def _form(self, request: Request, trunk: Trunk, local: str) -> Refusal | None:
        rules = trunk.outbound
        host = request.target.host.lower()
        right = {"any": host, "domain": self.policy.domain.lower(), "address": local}[rules.uri_host]
        if host != right:
            return Refusal(0 if rules.host_treatment == "ignore" else 404, "Unknown domain in Request-URI")
        if rules.from_host == "domain" and request.from_.uri.host.lower() != self.policy.domain.lower():
            return Refusal(403, "From domain not served here")
        if rules.from_user == "account" and request.from_.uri.number != trunk.account:
            return Refusal(403, "From user is not the account")
        missing = [tag for tag in rules.require if not request.supports(tag)]
        if missing:
            return Refusal(421, "", (("Require", ", ".join(missing)),))
        if rules.identity and "Identity" not in request:
            return Refusal(428)
        return None

    def _limits(self, trunk: Trunk, now_s: float, calls_up: int) -> Refusal | None:
        limits = trunk.limits
        if calls_up >= limits.channels:
            return Refusal(limits.channel_status, limits.channel_reason)
        starts = self._starts.setdefault(trunk.name, deque())
        while starts and now_s - starts[0] >= 1.0:
            starts.popleft()
        if len(starts) >= limits.cps:
            return Refusal(limits.cps_status, limits.cps_reason)
        starts.append(now_s)
        return None

    def _number(self, request: Request, trunk: Trunk) -> Admitted | Refusal:
        rules = trunk.outbound
        shown = presented(request, trunk, self.policy.country_code)
        if shown.status:
            return Refusal(shown.status, shown.reason)
        number = read_number(request.target.number, rules.number_forms, self.policy.country_code)
        if number is None:
            return Refusal(rules.number_status, "Number format not accepted")
        if rules.blocked_prefixes and number.startswith(rules.blocked_prefixes):
            return Refusal(rules.blocked_status, "Destination not enabled")
        telephone = next((item for item in self.policy.number if item.number == number), None)
        return Admitted(trunk, telephone, shown) if telephone else Refusal(rules.number_status, "Unknown number")


def _claimed(request: Request) -> set[str]:
    """Give every name by which a request may claim an account: credentials, From, To of a REGISTER."""
    given = [*request.values("Authorization"), *request.values("Proxy-Authorization")]
    names = {fields_of(value).get("username", "") for value in given}
    with suppress(ParseError):
        names.add(request.from_.uri.number)
    return names - {""}
