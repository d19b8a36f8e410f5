"""RFC 4475 by name: each message here has the oddity of the RFC's message of that name, in words of our own.

The valid ones are processed, the invalid ones answered or dropped as the RFC says; none raises.
"""

from __future__ import annotations

import pytest

from labkit.sip.message import Response, parse
from labkit.sip.sdp import SessionDescription
from labkit.sip.transaction import ServerTransaction

from .harness import Bench


def request(start: str, changes: dict[str, str | None] | None = None, body: bytes = b"", more: bytes = b"") -> bytes:
    """Make a request: usual headers, changed or dropped by name; `more` is raw header bytes."""
    method = start.split(" ", 1)[0]
    rows: dict[str, str | None] = {
        "Via": "SIP/2.0/UDP host.example.net;branch=z9hG4bKtorture", "Max-Forwards": "70",
        "From": "<sip:caller@example.net>;tag=5566", "To": "<sip:user@example.com>",
        "Call-ID": "torture.1@example.net", "CSeq": f"7 {method}", "Content-Length": str(len(body)),
    }  # fmt: skip
    rows |= changes or {}
    head = "".join(f"{name}: {value}\r\n" for name, value in rows.items() if value is not None)
    return f"{start}\r\n{head}".encode("utf-8", "surrogateescape") + more + b"\r\n" + body


SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
OFFER = {"Content-Type": "application/sdp", "Contact": "<sip:caller@host.example.net>"}
INVITE, OPTIONS, REGISTER = (f"{name} sip:user@example.com SIP/2.0" for name in ("INVITE", "OPTIONS", "REGISTER"))

WSINV = (
    b"INVITE sip:agent@desk.example.com;oddparam SIP/2.0\r\nTO :\r\n sip:agent@desk.example.com ;   tag    = 77a\r\n"
    b'from   : "A Caller \\\\\\""       <sip:caller@example.net>\r\n  ;\r\n  tag = 98b\r\nMaX-fOrWaRdS: 0068\r\n'
    b"Call-ID: wsinv.1@192.0.2.1\r\nContent-Length   : " + str(len(SDP)).encode() + b"\r\ncseq: 0009\r\n  INVITE\r\n"
    b"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=1skd\r\ns :\r\nOddHeader:   odd\r\n continued\r\n"
    b"OddValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\nRoute:\r\n <sip:p.example.com;lr;q=1 >\r\n"
    b"v:  SIP  / 2.0  / TCP     s.example.com   ;\r\n  branch  =   z9hG4bK9i ; received  = 192.0.2.9\r\n"
    b'm:"Q uoted" <sip:a@example.com> ; q = 0.2 , <sip:b@example.net>\r\n\r\n' + SDP
)

# Name: the bytes, and the status that a server must give; None where it must stay silent; 2xx where it is processed.
ODD_START = "!odd-Method0_*+`.%indeed'~ sip:1_~(to-be!)&isn't+it$/?,/;;*:&w*pas$wo~d_too.(x)@example.com SIP/2.0"
REQUESTS: dict[str, tuple[bytes, int | None]] = {
    "intmeth": (
        request(
            ODD_START,
            {
                "Via": "SIP/2.0/UDP host.example.net;branch=z9hG4bK-.!%66*_+`'~",
                "From": "tok1~` tok2'+_ <sip:m@example.com> ;fp''~+*_!.-%=\"\u0440\";tag=_t~1'+`*%!-.",
            },
        ),
        501,
    ),
    "esc01": (
        request(
            "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0", OFFER | {"To": "sip:%75se%72@example.com"}, SDP
        ),
        200,
    ),
    "escnull": (
        request(REGISTER, {"To": "sip:null-%00-null@example.com", "Contact": "<sip:%00@host.example.net>"}),
        200,
    ),
    "esc02": (request("RE%47IST%45R sip:registrar.example.com SIP/2.0", {"To": '"%Z%45" <sip:a@example.com>'}), 501),
    "lwsdisp": (request(OPTIONS, {"From": "caller<sip:caller@example.com>;tag=323"}), 200),
    "longreq": (
        request(
            INVITE,
            OFFER
            | {
                "To": '"' + "long " * 200 + '" <sip:u@' + "sub." * 60 + "e.com>",
                "Via": ", ".join(f"SIP/2.0/TCP hop{n}.example.com;branch=z9hG4bK{'x' * 200}{n}" for n in range(30)),
            },
            SDP,
        ),
        200,
    ),
    "dblreq": (request(REGISTER, {"Contact": "<sip:j@host.example.net>"}) + request(INVITE, OFFER, SDP), 200),
    "semiuri": (request("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0"), 200),
    "transports": (
        request(
            OPTIONS,
            {
                "Via": "SIP/2.0/UDP t1.example.com;branch=z9hG4bKa, SIP/2.0/SCTP t2.example.com,"
                "SIP/2.0/TLS t3.example.com, SIP/2.0/UNKNOWN t4.example.com, SIP/2.0/TCP t5.example.com"
            },
        ),
        200,
    ),
    "mpart01": (
        request(
            "MESSAGE sip:user@example.com SIP/2.0",
            {"Content-Type": "multipart/mixed;boundary=b1"},
            b"--b1\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b1\r\n\r\n\x00\x82\xff\r\n--b1--",
        ),
        501,
    ),
    "badinv01": (
        request(INVITE, OFFER | {"Via": "SIP/2.0/UDP 192.0.2.15;;,;,,", "Contact": '"J" <sip:j@e.org>;;;;'}, SDP),
        400,
    ),
    "clerr": (request(INVITE, OFFER | {"Content-Length": "9999"}, SDP), 400),
    "ncl": (request(INVITE, OFFER | {"Content-Length": "-999"}, SDP), 400),
    "scalar02": (request(REGISTER, {"CSeq": "36893488147419103232 REGISTER", "Max-Forwards": "300"}), 400),
    "quotbal": (request(INVITE, OFFER | {"To": '"Mr. J. User <sip:j.user@example.com>'}, SDP), 400),
    "ltgtruri": (request("INVITE <sip:user@example.com> SIP/2.0", OFFER, SDP), 400),
    "lwsruri": (request("INVITE sip:user@example.com; lr SIP/2.0", OFFER, SDP), 400),
    "lwsstart": (request("INVITE  sip:user@example.com  SIP/2.0", OFFER, SDP), 400),
    "trws": (request("OPTIONS sip:user@example.com SIP/2.0  "), 400),
    "escruri": (request("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", OFFER, SDP), 400),
    "baddate": (request(INVITE, OFFER | {"Date": "Fri, 01 Jan 2010 16:00:00 EST"}, SDP), 400),
    "regbadct": (request(REGISTER, {"Contact": "sip:user@example.com?Route=%3Csip:sip.example.com%3E"}), 400),
    "badaspec": (request(OPTIONS, {"To": '"W, T" < sip:t@example.org >'}), 200),  # "can ignore the spaces" (3.1.2.14)
    "baddn": (request(OPTIONS, {"From": "Bell, A <sip:a@example.com>;tag=43"}), 200),  # liberal reading (3.1.2.15)
    "badvers": (request("OPTIONS sip:user@example.com SIP/7.0"), 505),
    "mismatch01": (request(OPTIONS, {"CSeq": "8 INVITE"}), 400),
    "mismatch02": (request("NEWMETHOD sip:user@example.com SIP/2.0", {"CSeq": "8 INVITE"}), 400),
    "badbranch": (request(OPTIONS, {"Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK"}), 200),
    "insuf": (request(INVITE, {"CSeq": None, "Call-ID": None, "From": None, "To": None}), 400),
    "unkscm": (request("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"), 416),
    "novelsc": (request("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"), 416),
    "unksm2": (
        request(
            REGISTER,
            {"To": "isbn:2983792873", "From": "<http://www.example.com>;tag=3", "Contact": "<name:John_Smith>"},
        ),
        200,
    ),
    "bext01": (request(OPTIONS, {"Require": "nothingSupportsThis, nothingSupportsThisEither"}), 420),
    "invut": (
        request(INVITE, {"Content-Type": "application/unknownformat"}, b"<audio><pcmu port='443'/></audio>"),
        415,
    ),
    "regaut01": (
        request(REGISTER, {"Contact": "<sip:j@host.example.net>", "Authorization": "NoOneKnowsThisScheme x=y"}),
        200,
    ),
    "multi01": (
        request(INVITE, OFFER, SDP, b"CSeq: 92 INVITE\r\nCall-ID: other\r\nTo: <sip:second@example.com>\r\n"),
        400,
    ),
    "mcl01": (request(OPTIONS, {}, b"", b"Content-Length: 5\r\n"), 400),
    "zeromf": (request(OPTIONS, {"Max-Forwards": "0"}), 200),
    "cparam01": (request(REGISTER, {"Contact": "sip:+19725552222@gw1.example.net;unknownparam"}), 200),
    "cparam02": (request(REGISTER, {"Contact": "<sip:+19725552222@gw1.example.net;unknownparam>"}), 200),
    "regescrt": (request(REGISTER, {"Contact": "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"}), 200),
    "sdp01": (request(INVITE, {"Contact": "<sip:c@host.example.net>", "Accept": "text/nobodyKnowsThis"}), 406),
    "inv2543": (
        request(
            "INVITE sip:UserB@example.com SIP/2.0",
            {
                "Via": "SIP/2.0/UDP iftgw.example.com",
                "Max-Forwards": None,
                "From": "<sip:+13035551111@ift.example.net;user=phone>",
                "Contact": None,
                "Content-Type": "application/sdp",
                "Record-Route": "<sip:UserB@example.com;maddr=ss1.example.com>",
            },
            SDP,
        ),
        200,
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_request(name: str) -> None:
    data, expected = REQUESTS[name]
    bench = Bench()
    for method in ("INVITE", "OPTIONS", "REGISTER"):
        bench.agent.handlers[method] = _accept
    bench.receive(data)
    assert [expected] == [message.status for message in bench.sent if isinstance(message, Response)]
    assert data == parse(data).raw
    await bench.agent.close()


def _accept(transaction: ServerTransaction) -> None:
    transaction.respond(transaction.response(200))


async def test_wsinv_is_read_in_every_part() -> None:
    message = parse(WSINV)
    assert ("77a", "98b", 9, "INVITE") == (message.to.tag, message.from_.tag, message.cseq.number, message.cseq.method)
    assert 'A Caller \\"' == message.from_.display
    assert ["192.0.2.2", "s.example.com"] == [via.host for via in map(_via, message.values("Via"))]
    odd = (message.get("Subject"), message.get("Oddheader"), message.get("Oddvalue"))
    assert ("", "odd continued", ";;,,;;,;") == odd
    assert 2 == len(message.values("Contact"))
    assert SessionDescription.parse(message.body).audio


def _via(text: str) -> object:
    from labkit.sip.via import Via

    return Via.parse(text)


async def test_unreason_and_noreason_are_valid_responses() -> None:
    for line, reason in [
        ("SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e", "= 2**3 * 5**2 \u043d\u043e"),
        ("SIP/2.0 100 ", ""),
    ]:
        message = parse(f"{line}\r\nCSeq: 1 INVITE\r\n\r\n".encode())
        assert isinstance(message, Response)
        assert reason == message.reason


@pytest.mark.parametrize(
    "data",
    [
        b"SIP/2.0 503 x\r\nVia: SIP/2.0/TCP host;branch=z9hG4bKz\r\nCSeq: 9292394834772304023312 OPTIONS\r\n\r\n",
        b"SIP/2.0 4294967301 no\r\nVia: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bKz\r\nCSeq: 1 OPTIONS\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKb\r\nCSeq: 14 INVITE\r\n\r\n",
    ],
    ids=["scalarlg", "bigcode", "bcast"],
)
async def test_a_response_that_must_be_dropped(data: bytes) -> None:
    bench = Bench()
    bench.receive(data)
    assert [] == bench.sent
    await bench.agent.close()
