"""The registration flows of RFC 3665, section 2, by name, and what RFC 3261, section 10.3, adds to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from labkit.phone.line import Line
from labkit.provider.service import Service
from labkit.sip.message import Request, Response, Row, parse
from labkit.sip.transport import Direction, Flow

NewPhone = Callable[..., Awaitable[Line]]
OWN, OTHER = "sip:trunk-4420@127.0.0.71:15071", "sip:backup@127.0.0.72:5060"


@pytest.fixture
def wire(service: Service) -> list[Request | Response]:
    """Every message that passed the provider, in order."""
    seen: list[Request | Response] = []

    def tap(direction: Direction, data: bytes, flow: Flow) -> None:
        seen.append(parse(data))

    service.agent.wire.tap = tap
    return seen


Wire = list[Request | Response]


def flow_of(wire: Wire) -> list[str]:
    """The messages as F1, F2 ... of the RFC show them."""
    return [one.method if isinstance(one, Request) else f"{one.status} {one.reason}" for one in wire]


def contacts(message: Request | Response) -> dict[str, int]:
    """Contact URIs of a response and the seconds they live."""
    pairs = (value.partition(">;expires=")[::2] for value in message.values("Contact"))
    return {uri.removeprefix("<"): int(life) for uri, life in pairs}


async def ask(phone: Line, rows: list[Row]) -> Response:
    """Have a phone send a REGISTER with these rows instead of its own Contact and Expires."""
    flow = phone._flow()
    made = phone.agent.new_request("REGISTER", "sip:127.0.0.60", flow, phone.identity, to=phone.identity.address)
    request = made.with_rows([*(row for row in made.rows if row[0] != "Contact"), *rows])
    return await phone.agent.request(request, flow, phone._credentials)


async def test_rfc3665_2_1_successful_new_registration(wire: Wire, new_phone: NewPhone) -> None:
    await (await new_phone()).register()
    assert ["REGISTER", "401 Unauthorized", "REGISTER", "200 OK"] == flow_of(wire)
    first, challenge, second, done = wire
    assert "WWW-Authenticate" in challenge
    assert "Authorization" in second
    assert (first.call_id, first.cseq.number + 1) == (second.call_id, second.cseq.number)
    assert {OWN: 3600} == contacts(done)


async def test_rfc3665_2_2_update_of_contact_list(service: Service, wire: Wire, new_phone: NewPhone) -> None:
    phone = await new_phone()
    await phone.register()
    answer = await ask(phone, [("Contact", f"<{OTHER}>"), ("Expires", "1800")])
    assert (200, {OWN: 3600, OTHER: 1800}) == (answer.status, contacts(answer))
    assert [OWN, OTHER] == [item.contact for item in service.registrations()]
    assert ["REGISTER", "401 Unauthorized", "REGISTER", "200 OK"] * 2 == flow_of(wire)


async def test_rfc3665_2_3_request_for_current_contact_list(service: Service, new_phone: NewPhone) -> None:
    phone = await new_phone()
    await phone.register()
    answer = await ask(phone, [])
    assert (200, {OWN: 3600}) == (answer.status, contacts(answer))
    assert [OWN] == [item.contact for item in service.registrations()]


@pytest.mark.parametrize("rows", [[("Contact", "*"), ("Expires", "0")], [("Contact", f"<{OWN}>;expires=0")]])
async def test_rfc3665_2_4_cancellation_of_registration(service: Service, new_phone: NewPhone, rows: list[Row]) -> None:
    phone = await new_phone()
    await phone.register()
    answer = await ask(phone, rows)
    assert (200, {}) == (answer.status, contacts(answer))
    assert [] == service.registrations()


async def test_rfc3665_2_5_unsuccessful_registration(service: Service, wire: Wire, new_phone: NewPhone) -> None:
    phone = await new_phone(password="wrong")
    assert 401 == (await phone.register()).status
    assert ["REGISTER", "401 Unauthorized", "REGISTER", "401 Wrong password"] == flow_of(wire)
    assert [] == service.registrations()


@pytest.mark.parametrize(
    "rows", [[("Contact", "*"), ("Expires", "60")], [("Contact", f"*, <{OWN}>"), ("Expires", "0")]]
)
async def test_a_star_that_does_not_go_alone_with_expires_0_is_refused(
    service: Service, new_phone: NewPhone, rows: list[Row]
) -> None:
    phone = await new_phone()
    await phone.register()
    assert 400 == (await ask(phone, rows)).status
    assert [OWN] == [item.contact for item in service.registrations()]
