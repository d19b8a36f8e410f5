"""The provider's portal: what a carrier's customer can see and change, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labkit.errors import LabError
from labkit.provider.view import PortalView, TrunkView

if TYPE_CHECKING:
    from labkit.provider.service import Service

DROPPED = ("refused", 0)
"""State and status of an attempt that was not even answered."""


class Portal:
    """The portal of a running provider."""

    def __init__(self, service: Service) -> None:
        """Look at a provider."""
        self._service = service

    def view(self) -> PortalView:
        """Give the page as it is now; what was dropped without an answer is in nobody's list of calls."""
        service = self._service
        trunks = tuple(
            TrunkView(
                trunk.name, trunk.kind, trunk.account, service.policy.sbcs[trunk.sbc], service.policy.domain,
                trunk.dids,
                tuple(map(service.policy.resolve, trunk.allow)), trunk.caller_id.verified, trunk.limits.channels,
                service.ledger.up(trunk.name), trunk.suspended,
            )
            for trunk in service.policy.trunk
        )  # fmt: skip
        registrations = tuple(service.registrations())
        calls = tuple(each for each in service.attempts() if (each.state, each.status) != DROPPED)
        return PortalView(service.policy.title, trunks, registrations, calls)

    def shown(self) -> dict[str, Any]:
        """Give the page as plain data."""
        return asdict(self.view())

    def allow(self, trunk: str, addresses: Sequence[str]) -> None:
        """Set a trunk's allowed source addresses, as a customer may."""
        self._set(trunk, "allow", addresses)

    def verify(self, trunk: str, numbers: Sequence[str]) -> None:
        """Set a trunk's verified caller IDs, as a customer may after a test call."""
        self._set(trunk, "caller_id.verified", numbers)

    def _set(self, trunk: str, path: str, values: Sequence[str]) -> None:
        names = [item.name for item in self._service.policy.trunk]
        if trunk not in names:
            raise LabError(f"no trunk {trunk!r} in the portal; there are {', '.join(names)}", trunk=trunk)
        self._service.set(f"trunk.{trunk}.{path}", list(values))
