"""What the origin learns of the caller: the token passed on, taken away or replaced, and who asks told in fields."""

import base64
import hashlib
import hmac
import json

from harness.wire import Client

SECRET = "an integration test's secret, long enough for HS256"


def token(**claims) -> str:
    def part(value) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    signed = ".".join(part(json.dumps(piece).encode()) for piece in ({"alg": "HS256"}, claims))
    return f"{signed}.{part(hmac.digest(SECRET.encode(), signed.encode(), hashlib.sha256))}"


def start(gateways, folder, origin, forward: dict, floor: list = (), **more):
    (folder / "secret").write_text(SECRET)
    (folder / "service").write_text("the-domains-token\n")
    keys = {"keys": {"secret": {"file": str(folder / "secret")}}, **more}
    use = [{"authentication": {**keys, "forward": forward}}]
    domain = {"name": "example.com", "upstream": "origin", "use": use}
    upstreams = {"origin": {"endpoints": [f"http://127.0.0.1:{origin.port}"]}}
    policy = {"floor": {"use": [{"authentication": {**keys, "forward": f}} for f in floor]}} if floor else {}
    return gateways({"upstreams": upstreams, "domains": [domain], **policy})


def asked(gateway, origin, *fields: str, body: bytes = b"", line: str = "GET /me HTTP/1.1"):
    """The head that the origin got."""
    with Client(gateway.port) as client:
        client.request(line, *fields, body=body)
        assert client.response().status == 200
    return origin.requests[-1].head


def test_the_token_is_passed_on_by_default(gateways, origins, tmp_path):
    origin = origins()
    gateway = start(gateways, tmp_path, origin, {"token": "pass"})
    field = f"bEaReR {token(sub='u')}"
    assert asked(gateway, origin, f"Authorization: {field}").get("authorization") == field


def test_the_token_ends_at_the_gateway(gateways, origins, tmp_path):
    origin = origins()
    gateway = start(gateways, tmp_path, origin, {"token": "remove"})
    assert asked(gateway, origin, f"Authorization: Bearer {token(sub='u')}").get("authorization") is None


def test_the_domains_token_replaces_the_callers(gateways, origins, tmp_path):
    origin = origins()
    forward = {"token": {"file": str(tmp_path / "service")}}
    gateway = start(gateways, tmp_path, origin, forward, missing="allow")
    head = asked(gateway, origin, f"Authorization: Bearer {token(sub='u')}")
    assert head.get("authorization") == "Bearer the-domains-token"
    # Who has no token gets no other's.
    assert asked(gateway, origin).get("authorization") is None
    with Client(gateway.port) as client:
        client.request("GET /me HTTP/1.1", f"Authorization: Bearer {token(sub='u')}x")
        assert client.response().status == 401


def test_the_origin_is_told_who_asks(gateways, origins, tmp_path):
    origin = origins()
    fields = {"X-User": "subject", "X-Scopes": "scopes", "X-Plan": "claim.plan"}
    gateway = start(gateways, tmp_path, origin, {"token": "remove", "fields": fields}, missing="allow")
    caller = token(sub="u\r\nX-Admin: 1", scope="b a", plan="gold")
    liar = ["X-User: root", "x_user: root", "XUSER: root", "X-Users: kept", "X-Plan: root", "Connection: X-User"]
    head = asked(gateway, origin, f"Authorization: Bearer {caller}", *liar)
    assert head.get("x-user") == "u%0D%0AX-Admin: 1"
    assert head.get("x-scopes") == "a b"
    assert head.get("x-plan") == "gold"
    assert head.get("x-users") == "kept"
    assert not [value for _, value in head.fields if value == "root"]
    # The same for who brings no token.
    head = asked(gateway, origin, *liar)
    assert not [value for _, value in head.fields if value == "root"]
    assert head.get("x-user") is None


def test_trailers_cannot_say_who_asks(gateways, origins, tmp_path):
    origin = origins()
    trailers = {}

    def remember(request, peer):
        trailers[request.target] = list(peer.trailers)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    origin.answer = remember
    gateway = start(gateways, tmp_path, origin, {"fields": {"X-User": "subject"}}, missing="allow")
    for target, credential in [("/some", [f"Authorization: Bearer {token(sub='u')}"]), ("/nobody", [])]:
        with Client(gateway.port) as client:
            client.request(f"POST {target} HTTP/1.1", "Transfer-Encoding: chunked", *credential)
            client.send(b"1\r\nx\r\n0\r\nX_User: root\r\nx-user: root\r\nX-Sum: 1\r\n\r\n")
            assert client.response().status == 200
        assert trailers[target] == [b"X-Sum: 1"]


def test_the_floor_settles_it(gateways, origins, tmp_path):
    origin = origins()
    floor = {"token": {"file": str(tmp_path / "service")}, "fields": {"X-User": "subject"}}
    gateway = start(gateways, tmp_path, origin, {"token": "pass", "fields": {"X-User": "kind"}}, floor=[floor])
    head = asked(gateway, origin, f"Authorization: Bearer {token(sub='u', subtype='k')}")
    assert head.get("authorization") == "Bearer the-domains-token"
    assert head.get("x-user") == "u"
