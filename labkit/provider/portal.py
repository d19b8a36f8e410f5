"""The provider's portal: what a carrier's customer can see and change, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from labkit.errors import LabError
from labkit.provider.ledger import CallEntry
from labkit.provider.registrar import Registered

if TYPE_CHECKING:
    from labkit.provider.service import Service


@dataclass(frozen=True, slots=True)
class TrunkView:
    """A trunk as its customer sees it; the rules of the carrier's SBC are not shown."""

    name: str
    """Name of the trunk."""
    kind: str
    """registration or address."""
    account: str
    """Account name, empty for an address trunk."""
    server: str
    """Address of the SBC to register at and send calls to."""
    domain: str
    """SIP domain of the provider."""
    numbers: tuple[str, ...]
    """Numbers routed to it."""
    allowed_addresses: tuple[str, ...]
    """Source addresses that may send calls."""
    verified_callers: tuple[str, ...]
    """Caller IDs that the customer proved to own, besides the numbers."""
    channels: int
    """Concurrent calls paid for."""
    calls_up: int
    """Calls that live now."""
    suspended: bool
    """Whether the trunk is blocked."""


@dataclass(frozen=True, slots=True)
class PortalView:
    """One page of the portal."""

    title: str
    """The provider's name."""
    trunks: tuple[TrunkView, ...]
    """The customer's trunks."""
    registrations: tuple[Registered, ...]
    """What is registered now."""
    calls: tuple[CallEntry, ...]
    """Call attempts with final status and reason, the newest last."""


class Portal:
    """The portal of a running provider."""

    def __init__(self, service: Service) -> None:
        """Look at a provider."""
        self._service = service

    def view(self) -> PortalView:
        """Give the page as it is now."""
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
        return PortalView(service.policy.title, trunks, registrations, tuple(service.attempts()))

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
