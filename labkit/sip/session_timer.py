"""Session timers (RFC 4028): both sides agree who refreshes, and a session nobody refreshes ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from labkit.sip.message import Message, Request, Row
from labkit.sip.timers import Timer, TimerWheel

Refresher = Literal["uac", "uas"]
_LEAD_S = 32.0


@dataclass(frozen=True, slots=True)
class TimerWish:
    """What a side wants of session timers."""

    expires_s: int = 0
    """Session-Expires to ask for; 0 asks for none but honours the peer's wish."""
    min_se_s: int = 90
    """Smaller intervals are refused by 422 (section 4: never below 90 by default)."""
    refresher: Refresher | None = None
    """Who should refresh, by its role in this request; None leaves the choice to the answerer."""
    enabled: bool = True
    """False: as if RFC 4028 did not exist."""

    def rows(self) -> list[Row]:
        """The headers of a request (section 7.1)."""
        if not self.enabled or not self.expires_s:
            return []
        role = f";refresher={self.refresher}" if self.refresher else ""
        return [("Session-Expires", f"{self.expires_s}{role}"), ("Min-SE", str(self.min_se_s))]

    def too_small(self, request: Request) -> bool:
        """Whether a request's interval must be refused by 422 (section 9)."""
        asked = request.seconds("Session-Expires")
        return self.enabled and request.supports("timer") and asked is not None and asked < self.min_se_s


@dataclass(frozen=True, slots=True)
class Interval:
    """What was agreed."""

    expires_s: int
    """The session ends when nobody refreshed it for so long."""
    refresher: Refresher
    """Role, in the request that agreed on it, of the side that refreshes."""

    def row(self) -> Row:
        """The Session-Expires of a 2xx."""
        return "Session-Expires", f"{self.expires_s};refresher={self.refresher}"


def answered(request: Request, wish: TimerWish) -> tuple[Interval | None, list[Row]]:
    """Decide as UAS (section 9): the interval and the headers of the 2xx."""
    theirs = request.seconds("Session-Expires")
    expires_s = min(theirs or wish.expires_s, wish.expires_s or theirs or 0)
    if not wish.enabled or not expires_s:
        return None, []
    expires_s = max(expires_s, request.seconds("Min-SE") or 0)
    asked = _refresher(request)
    able = request.supports("timer")
    refresher: Refresher = (asked or wish.refresher or "uac") if able else "uas"
    interval = Interval(expires_s, refresher)
    return interval, [interval.row(), *([("Require", "timer")] if refresher == "uac" else [])]


def concluded(response: Message) -> Interval | None:
    """Read a 2xx as UAC (section 7.2)."""
    expires_s = response.seconds("Session-Expires")
    return Interval(expires_s, _refresher(response) or "uac") if expires_s else None


def _refresher(message: Message) -> Refresher | None:
    value = (message.get("Session-Expires") or "").replace(" ", "").lower()
    return "uac" if "refresher=uac" in value else "uas" if "refresher=uas" in value else None


class SessionTimer:
    """The running timer of one call (section 10)."""

    def __init__(self, timers: TimerWheel, refresh: Callable[[], None], expire: Callable[[], None]) -> None:
        """Call `refresh` at half of the interval when it is our turn, `expire` when the session must end."""
        self._timers, self._refresh, self._expire = timers, refresh, expire
        self._timer: Timer | None = None
        self.interval: Interval | None = None
        """What is running now."""
        self.refresh_s = 0.0
        """Refresh so early; at half of the interval, as section 10 recommends, where 0."""

    def start(self, interval: Interval | None, role: Refresher) -> None:
        """Run for an interval, seen from our role in the request that agreed on it."""
        self.stop()
        self.interval = interval
        if interval is None:
            return
        if interval.refresher == role:
            self._timer = self._timers.after(self.refresh_s or interval.expires_s / 2, self._refresh)
        else:
            early_s = min(_LEAD_S, interval.expires_s / 3)
            self._timer = self._timers.after(interval.expires_s - early_s, self._expire)

    def stop(self) -> None:
        """Stop."""
        if self._timer:
            self._timer.cancel()
        self._timer = self.interval = None

    def close(self) -> None:
        """Stop for good and let go of the call."""
        self.stop()
        self._refresh = self._expire = _nothing


def _nothing() -> None:
    """Do nothing."""
