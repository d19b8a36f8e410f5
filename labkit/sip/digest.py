"""Digest authentication, both sides (RFC 3261 section 22, RFC 7616, RFC 8760)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex

from labkit.sip.grammar import quote, unquote
from labkit.sip.message import Request, Response, Row

ALGORITHMS: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
}
"""Algorithm name to hash (RFC 7616 section 6.1); a `-sess` variant uses the same hash."""

_PAIR = re.compile(r'([A-Za-z0-9\-_]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)')
_UNQUOTED = {"algorithm", "nc", "qop", "stale"}


def fields_of(value: str) -> dict[str, str]:
    """Read the pairs of a Digest challenge or credentials, names in lower case; empty for another scheme."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    return {match[1].lower(): unquote(match[2]) for match in _PAIR.finditer(rest)}


def _write(fields: Mapping[str, str], unquoted: set[str]) -> str:
    return "Digest " + ", ".join(f"{name}={text if name in unquoted else quote(text)}" for name, text in fields.items())


@dataclass(frozen=True, slots=True)
class Challenge:
    """One WWW-Authenticate or Proxy-Authenticate value (RFC 7616 section 3.3)."""

    realm: str
    """Protection realm."""
    nonce: str
    """Server nonce."""
    algorithm: str = "MD5"
    """As written, MD5 where not written."""
    qop: tuple[str, ...] = ()
    """Offered qualities: auth, auth-int; empty for the form of RFC 2069."""
    opaque: str | None = None
    """To be given back."""
    stale: bool = False
    """The nonce was too old; the credentials were right."""

    @classmethod
    def parse(cls, value: str) -> Challenge | None:
        """Read a challenge; None for a scheme other than Digest or without a nonce."""
        found = fields_of(value)
        if "nonce" not in found:
            return None
        qop = tuple(part.strip().lower() for part in found.get("qop", "").split(",") if part.strip())
        return cls(
            found.get("realm", ""), found["nonce"], found.get("algorithm", "MD5"), qop,
            found.get("opaque"), found.get("stale", "").lower() == "true",
        )  # fmt: skip

    def __str__(self) -> str:
        fields = {"realm": self.realm, "nonce": self.nonce, "algorithm": self.algorithm}
        fields |= {"qop": ",".join(self.qop)} if self.qop else {}
        fields |= {"opaque": self.opaque} if self.opaque is not None else {}
        fields |= {"stale": "true"} if self.stale else {}
        return _write(fields, {"algorithm", "stale"})


@dataclass(frozen=True, slots=True)
class Account:
    """Who answers a challenge."""

    username: str
    """Digest username."""
    password: str
    """Its secret."""
    realm: str | None = None
    """Answer only this realm; None answers any."""


def digest(
    account: Account, challenge: Challenge, method: str, uri: str, *, qop: str, cnonce: str, nc: str, body: bytes = b""
) -> str:
    """Compute the response value (RFC 7616 section 3.4.1); `qop` is empty for the form of RFC 2069."""
    name = challenge.algorithm.upper()
    sess = name.endswith("-SESS")
    hashed = ALGORITHMS[name.removesuffix("-SESS")]

    def h(text: str) -> str:
        return hashed(text.encode("utf-8", "surrogateescape"))

    ha1 = h(f"{account.username}:{challenge.realm}:{account.password}")
    if sess:
        ha1 = h(f"{ha1}:{challenge.nonce}:{cnonce}")
    ha2 = h(f"{method}:{uri}" + (f":{hashed(body)}" if qop == "auth-int" else ""))
    middle = f"{challenge.nonce}:{nc}:{cnonce}:{qop}" if qop else challenge.nonce
    return h(f"{ha1}:{middle}:{ha2}")


@dataclass(slots=True)
class DigestClient:
    """Answers challenges; remembers nonce counts per nonce (RFC 7616 section 3.4)."""

    accounts: tuple[Account, ...]
    """Tried in order: the first whose realm fits."""
    algorithms: tuple[str, ...] = ("SHA-256", "MD5")
    """Accepted algorithms; of several challenges of a realm the first that is in here wins (RFC 8760 section 2.4)."""
    _counts: dict[str, int] = field(default_factory=dict)

    def answers(self, response: Response, request: Request) -> list[Row]:
        """Give credentials rows for the challenges of a 401 or 407, one per realm; empty when none can be answered."""
        rows: list[Row] = []
        for header, reply in (("WWW-Authenticate", "Authorization"), ("Proxy-Authenticate", "Proxy-Authorization")):
            challenges = [found for value in response.values(header) if (found := Challenge.parse(value))]
            by_realm: dict[str, Challenge] = {}
            for challenge in filter(self._usable, challenges):
                by_realm.setdefault(challenge.realm, challenge)
            rows += [(reply, self._credentials(challenge, request)) for challenge in by_realm.values()]
        return rows

    def _usable(self, challenge: Challenge) -> bool:
        plain = challenge.algorithm.upper().removesuffix("-SESS")
        return plain in self.algorithms and self._account(challenge.realm) is not None

    def _account(self, realm: str) -> Account | None:
        return next((account for account in self.accounts if account.realm in (None, realm)), None)

    def _credentials(self, challenge: Challenge, request: Request) -> str:
        account = self._account(challenge.realm)
        assert account is not None  # noqa: S101 - only usable challenges come here
        self._counts[challenge.nonce] = count = self._counts.get(challenge.nonce, 0) + 1
        qop = "auth" if "auth" in challenge.qop else "auth-int" if "auth-int" in challenge.qop else ""
        nc, cnonce = f"{count:08x}", token_hex(8)
        value = digest(account, challenge, request.method, request.uri,
                       qop=qop, cnonce=cnonce, nc=nc, body=request.body)  # fmt: skip
        fields = {"username": account.username, "realm": challenge.realm, "nonce": challenge.nonce,
                  "uri": request.uri, "response": value, "algorithm": challenge.algorithm}  # fmt: skip
        fields |= {"opaque": challenge.opaque} if challenge.opaque is not None else {}
        fields |= {"qop": qop, "cnonce": cnonce, "nc": nc} if qop or "SESS" in challenge.algorithm.upper() else {}
        return _write(fields, _UNQUOTED)


@dataclass(slots=True)
class DigestServer:
    """Challenges requests and checks credentials; nonces live for a while and count up."""

    realm: str
    """Realm of its challenges."""
    passwords: Mapping[str, str]
    """Username to password."""
    algorithms: tuple[str, ...] = ("MD5",)
    """One challenge for each, in this order (RFC 8760 section 2.3)."""
    qop: tuple[str, ...] = ("auth",)
    """Offered qualities; empty offers the form of RFC 2069."""
    nonce_life_s: float = 300.0
    """Older nonces are answered by a stale challenge."""
    _nonces: dict[str, tuple[float, int]] = field(default_factory=dict)

    def challenges(self, now_s: float, *, stale: bool = False) -> list[str]:
        """Make the challenge values of a 401 or 407 with a new nonce."""
        self._forget(now_s)
        nonce = token_hex(12)
        self._nonces[nonce] = (now_s, 0)
        return [str(Challenge(self.realm, nonce, name, self.qop, stale=stale)) for name in self.algorithms]

    def _forget(self, now_s: float) -> None:
        while self._nonces:
            oldest = next(iter(self._nonces))
            if now_s - self._nonces[oldest][0] < 2 * self.nonce_life_s:
                return
            del self._nonces[oldest]

    def check(self, request: Request, header: str, now_s: float) -> Verdict:
        """Judge a request's credentials in `Authorization` or `Proxy-Authorization` for this realm."""
        given = [found for value in request.values(header) if (found := fields_of(value)).get("realm") == self.realm]
        if not given:
            return Verdict(False, "no credentials")
        found = given[0]
        username, nonce = found.get("username", ""), found.get("nonce", "")
        password = self.passwords.get(username)
        if password is None:
            return Verdict(False, "unknown user", username)
        if not self._matches(found, Account(username, password), request):
            return Verdict(False, "wrong password", username)
        born_s, count = self._nonces.get(nonce, (float("-inf"), 0))
        if now_s - born_s > self.nonce_life_s:
            return Verdict(False, "stale nonce", username, stale=True)
        return self._counted(found, nonce, born_s, count, username)

    def _counted(self, found: Mapping[str, str], nonce: str, born_s: float, count: int, username: str) -> Verdict:
        if self.qop:
            given = found.get("nc", "")
            used = int(given, 16) if re.fullmatch(r"[0-9a-fA-F]{8}", given) else 0
            if used <= count:
                return Verdict(False, "replayed nonce count", username, stale=True)
            self._nonces[nonce] = (born_s, used)
        return Verdict(True, "", username)

    def _matches(self, found: Mapping[str, str], account: Account, request: Request) -> bool:
        algorithm, qop = found.get("algorithm", "MD5"), found.get("qop", "").lower()
        allowed = algorithm.upper().removesuffix("-SESS") in self.algorithms
        if not allowed or (qop or None) not in (self.qop or (None,)):
            return False
        challenge = Challenge(self.realm, found.get("nonce", ""), algorithm)
        expected = digest(account, challenge, request.method, found.get("uri", ""), qop=qop,
                          cnonce=found.get("cnonce", ""), nc=found.get("nc", ""), body=request.body)  # fmt: skip
        return hmac.compare_digest(expected.encode(), found.get("response", "").lower().encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a server thinks of a request's credentials."""

    ok: bool
    """They are right and fresh."""
    why: str
    """Why not, for the log and the portal; empty when ok."""
    username: str = ""
    """Who claimed to ask."""
    stale: bool = False
    """Right, but the nonce is not: challenge again with `stale=true`."""
