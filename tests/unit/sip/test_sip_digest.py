"""Digest: the RFC's printed values come out, and both sides agree on fresh, stale, replayed and wrong."""

from __future__ import annotations

import pytest

from labkit.sip.digest import Account, Challenge, DigestClient, DigestServer, digest
from labkit.sip.message import Request, Response

MUFASA = Account("Mufasa", "Circle of Life")


def register(*rows: tuple[str, str]) -> Request:
    return Request("REGISTER", "sip:provider", [("Call-ID", "1"), *rows])


def unauthorized(server: DigestServer, now_s: float = 0.0, **how: bool) -> Response:
    return Response(401, "Unauthorized", [("WWW-Authenticate", text) for text in server.challenges(now_s, **how)])


# RFC 7616 section 3.9.1 prints both responses.
@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_values_of_rfc_7616(algorithm: str, expected: str) -> None:
    nonce, cnonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    challenge = Challenge("http-auth@example.org", nonce, algorithm, ("auth",))
    got = digest(MUFASA, challenge, "GET", "/dir/index.html", qop="auth", cnonce=cnonce, nc="00000001")
    assert expected == got


def test_a_challenge_is_read_and_written() -> None:
    text = 'Digest realm="a, \\"b\\"", nonce="n==", algorithm=SHA-256, qop="auth,auth-int", opaque="", stale=true'
    challenge = Challenge.parse(text)
    assert Challenge('a, "b"', "n==", "SHA-256", ("auth", "auth-int"), "", True) == challenge
    assert challenge == Challenge.parse(str(challenge))
    assert None is Challenge.parse("Basic realm=x")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", "SHA-512-256", "MD5-sess"])
@pytest.mark.parametrize("qop", [("auth",), ("auth-int",), ()])
def test_client_and_server_agree(algorithm: str, qop: tuple[str, ...]) -> None:
    server = DigestServer("lab", {"u": "p"}, (algorithm.removesuffix("-sess"),), qop)
    challenge = Challenge.parse(server.challenges(0.0)[0])
    assert challenge
    shown = Challenge(challenge.realm, challenge.nonce, algorithm, qop)
    client = DigestClient((Account("u", "p"),), ("MD5", "SHA-256", "SHA-512-256"))
    rows = client.answers(Response(401, "Unauthorized", [("WWW-Authenticate", str(shown))]), register())
    assert server.check(register(*rows), "Authorization", 1.0).ok


def test_a_wrong_password_and_an_unknown_user_are_told_apart() -> None:
    server = DigestServer("lab", {"u": "p"})
    for account, why in [(Account("u", "x"), "wrong password"), (Account("v", "p"), "unknown user")]:
        rows = DigestClient((account,)).answers(unauthorized(server), register())
        assert why == server.check(register(*rows), "Authorization", 0.0).why
    assert "no credentials" == server.check(register(), "Authorization", 0.0).why


def test_an_old_nonce_is_stale_and_a_replay_is_refused() -> None:
    server = DigestServer("lab", {"u": "p"}, nonce_life_s=10)
    rows = DigestClient((Account("u", "p"),)).answers(unauthorized(server), register())
    assert server.check(register(*rows), "Authorization", 9.0).ok
    assert "replayed nonce count" == server.check(register(*rows), "Authorization", 9.0).why
    late = server.check(register(*rows), "Authorization", 11.0)
    assert (False, True) == (late.ok, late.stale)


def test_the_nonce_count_grows_with_each_use_of_a_nonce() -> None:
    server, client = DigestServer("lab", {"u": "p"}), DigestClient((Account("u", "p"),))
    challenge = unauthorized(server)
    for _ in range(3):
        assert server.check(register(*client.answers(challenge, register())), "Authorization", 0.0).ok


def test_the_first_acceptable_algorithm_of_a_realm_is_answered_once() -> None:
    server = DigestServer("lab", {"u": "p"}, ("SHA-512-256", "SHA-256", "MD5"))
    rows = DigestClient((Account("u", "p"),)).answers(unauthorized(server), register())
    assert 1 == len(rows)
    assert "algorithm=SHA-256" in rows[0][1]
    assert [] == DigestClient((Account("u", "p"),), ("MD5",)).answers(
        unauthorized(DigestServer("lab", {}, ("SHA-256",))), register()
    )


def test_several_realms_are_answered_each_by_its_account() -> None:
    response = Response(
        407,
        "Proxy Authentication Required",
        [
            ("Proxy-Authenticate", 'Digest realm="one", nonce="1"'),
            ("Proxy-Authenticate", 'Digest realm="two", nonce="2"'),
            ("WWW-Authenticate", 'Digest realm="three", nonce="3"'),
        ],
    )
    client = DigestClient((Account("a", "x", "one"), Account("b", "x", "two")))
    rows = client.answers(response, register())
    assert ["Proxy-Authorization", "Proxy-Authorization"] == [name for name, _ in rows]
    assert ['username="a"' in rows[0][1], 'username="b"' in rows[1][1]] == [True, True]
