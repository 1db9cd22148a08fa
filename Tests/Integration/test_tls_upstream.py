"""Origins behind TLS: whom the gateway believes, and what it says to whom it does not."""

import socket
import ssl
import threading
import time

import pytest

from harness.gateway import plain
from harness.memory import MIB, forget_peak, peak, resident
from harness.origin import Origin, reply
from harness.process import wait_until
from harness.tls import Authority, TLSOrigin, cut_tls, end_tls
from harness.wire import PATIENCE, Client, Connection, Truncated

LARGE = 64 * MIB
BLOCK = bytes(range(256)) * 256
SECRET = "Authorization: Bearer secret-token"


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def tls_origins():
    """Makes origins with TLS; their mistakes fail the test."""
    made: list[TLSOrigin] = []

    def make(*arguments, answer=None, kind=TLSOrigin) -> TLSOrigin:
        made.append(kind(answer, *arguments))
        return made[-1]

    yield make
    for origin in made:
        origin.close()
    assert [failure for origin in made for failure in origin.failures] == []


def behind(origin: Origin, host: str = "127.0.0.1", **tls) -> dict:
    configuration = plain(origin.port, upstream={"tls": tls} if tls else {})
    configuration["upstreams"]["origin"]["endpoints"] = [f"https://{host}:{origin.port}"]
    return configuration


def refusal(gateway) -> bytes:
    """What a request with a token is answered, which no origin that is believed gets."""
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1", SECRET)
        response = client.response()
        assert response.status == 502
        return response.body


# Whom the gateway believes


@pytest.mark.parametrize("host, name", [("localhost", "DNS:localhost"), ("127.0.0.1", "IP:127.0.0.1")])
def test_an_origin_of_the_own_authority(gateways, tls_origins, authority, host, name):
    origin = tls_origins(authority.issue(name))
    gateway = gateways(behind(origin, host, authority=authority.certificate))
    with Client(gateway.port) as client:
        for number in range(5):
            client.request(f"POST /{number} HTTP/1.1", SECRET, "Content-Length: 2", body=b"hi")
            assert client.response().body == b"/%d" % number
    assert origin.connections == 1, "kept alive"
    assert origin.requests[0].head.get("authorization") == "Bearer secret-token"
    # An address is no server name (RFC 6066 section 3).
    assert origin.names == ["localhost" if host == "localhost" else None]


def test_the_server_name_setting(gateways, tls_origins, authority):
    origin = tls_origins(authority.issue("DNS:api.test"))
    gateway = gateways(behind(origin, authority=authority.certificate, server_name="api.test"))
    with Client(gateway.port) as client:
        client.request("GET /a HTTP/1.1")
        assert client.response().body == b"/a"
    assert origin.names == ["api.test"]


@pytest.mark.parametrize("case", ["authority", "system", "name", "address", "expired", "plain name for address"])
def test_nothing_is_sent_to_whom_is_not_believed(gateways, tls_origins, authority, tmp_path, case):
    other = Authority(tmp_path, "other")
    host, files, tls = "localhost", None, {"authority": authority.certificate}
    match case:
        case "authority":
            files = other.issue("DNS:localhost")
        case "system":
            files, tls = authority.issue("DNS:localhost"), {}
        case "name":
            files = authority.issue("DNS:other.test")
        case "address":
            host, files = "127.0.0.1", authority.issue("IP:127.0.0.2")
        case "expired":
            files = authority.issue("DNS:localhost", expired=True)
        case "plain name for address":
            host, files = "127.0.0.1", authority.issue("DNS:localhost", "DNS:127.0.0.1")
    origin = tls_origins(files)
    gateway = gateways(behind(origin, host, **tls))
    assert b'"reason":"upstream_tls_failed"' in refusal(gateway)
    wait_until(lambda: not origin.open, "the connection closed")
    assert origin.requests == []
    assert origin.served == 0
    wait_until(lambda: "a TLS connection to an origin failed" in gateway.log(), "the failure in the log")
    assert "certificate was refused" in gateway.log()
    assert "secret" not in gateway.log()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_origin_that_wants_a_certificate(gateways, tls_origins, authority, tmp_path, version):
    origin = tls_origins(authority.issue("IP:127.0.0.1"), authority)
    origin.context.maximum_version = version
    own = authority.issue("DNS:gateway.test")
    gateway = gateways(behind(origin, authority=authority.certificate, **own.setting))
    with Client(gateway.port) as client:
        client.request("GET /a HTTP/1.1")
        assert client.response().body == b"/a"
    assert origin.clients[0]["subjectAltName"] == (("DNS", "gateway.test"),)

    # Without one, and with a stranger's, the request is not answered and the origin sees none.
    stranger = Authority(tmp_path, "other").issue("DNS:stranger.test")
    for more in [{}, stranger.setting]:
        gateway = gateways(behind(origin, authority=authority.certificate, **more))
        assert b'"reason":"upstream_tls_failed"' in refusal(gateway)
    assert origin.served == 1


def test_an_origin_that_speaks_an_old_version(gateways, tls_origins, authority):
    origin = tls_origins(authority.issue("IP:127.0.0.1"))
    origin.context.minimum_version = ssl.TLSVersion.TLSv1
    origin.context.maximum_version = ssl.TLSVersion.TLSv1_1
    origin.context.set_ciphers("ALL:@SECLEVEL=0")
    gateway = gateways(behind(origin, authority=authority.certificate))
    assert b'"reason":"upstream_tls_failed"' in refusal(gateway)


def test_an_origin_that_says_nothing(gateways, origins, authority):
    silent, seen = threading.Event(), bytearray()

    class Silent(Origin):
        def serve(self, peer):
            while peer.fill():
                seen.extend(peer.buffer)
                peer.buffer = b""
            silent.set()

    configuration = behind(origins(kind=Silent), authority=authority.certificate)
    configuration["upstreams"]["origin"]["connect_timeout"] = "300ms"
    gateway = gateways(configuration)
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1", SECRET)
        response = client.response()
        assert response.status == 504 and b"upstream_connect_timeout" in response.body
    assert silent.wait(PATIENCE), "the connection stays open"
    assert seen[:1] == b"\x16" and b"secret" not in seen


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", b"\x15\x03\x03\x00\x02\x02\x28"])
def test_an_origin_that_does_not_speak_tls(gateways, origins, authority, answer):
    class Plain(Origin):
        def serve(self, peer):
            peer.fill()
            seen.extend(peer.buffer)
            peer.send(answer)

    seen = bytearray()
    gateway = gateways(behind(origins(kind=Plain), authority=authority.certificate))
    assert b'"reason":"upstream_tls_failed"' in refusal(gateway)
    assert b"secret" not in seen


# Ends


def ending(finish):
    """Answers with a body that the end of the connection ends."""
    def answer(request, peer: Connection) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nas far as it goes")
        finish(peer)

    return answer


@pytest.mark.parametrize("finish", [end_tls, cut_tls])
def test_the_end_of_a_response_needs_the_origins_word(gateways, tls_origins, authority, finish):
    origin = tls_origins(authority.issue("IP:127.0.0.1"), answer=ending(finish))
    configuration = behind(origin, authority=authority.certificate)
    configuration["domains"][0]["routes"] = [
        {"match": {"path": "/cached"}, "use": [{"cache": {"ttl": "1h", "share": "public"}}]}]
    gateway = gateways(configuration)
    for count in (1, 2):
        with Client(gateway.port) as client:
            client.request("GET /cached HTTP/1.1")
            head = client.read_head()
            if finish is end_tls:
                assert client.read_body(head) == b"as far as it goes"
            elif head.line.startswith("HTTP/1.1 200"):
                with pytest.raises((Truncated, ConnectionResetError)):
                    client.read_body(head)
            else:
                assert head.line.startswith("HTTP/1.1 502")
        # Neither is kept: what only the connection ends is not worth the doubt.
        assert origin.served == count


def test_a_cut_before_the_response(gateways, tls_origins, authority):
    origin = tls_origins(authority.issue("IP:127.0.0.1"), answer=lambda request, peer: cut_tls(peer))
    gateway = gateways(behind(origin, authority=authority.certificate))
    assert b'"reason":"upstream_closed"' in refusal(gateway)


def test_plain_bytes_behind_a_broken_record_are_no_response(gateways, tls_origins, authority):
    """The origin takes no content, so that the gateway's alert has to wait and the socket stays open for a while."""
    held_up = threading.Event()

    class Broken(TLSOrigin):
        def converse_securely(self, peer):
            peer.read_head()
            assert held_up.wait(PATIENCE)
            raw = socket.socket(fileno=peer.socket.detach())
            # As long as the gateway reads at once, so that what follows comes with the next read.
            raw.sendall(b"\x17\x03\x03" + (4091).to_bytes(2, "big") + b"x" * 4091
                        + b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"clear" * 20_000)
            time.sleep(0.5)
            raw.close()

    origin = tls_origins(authority.issue("IP:127.0.0.1"), kind=Broken)
    gateway = gateways(behind(origin, authority=authority.certificate))
    with Client(gateway.port) as client:
        client.request("PUT / HTTP/1.1", f"Content-Length: {LARGE}")
        client.socket.settimeout(1)
        with pytest.raises(TimeoutError):
            for _ in range(LARGE // len(BLOCK)):
                client.send(BLOCK)
        held_up.set()
        client.socket.settimeout(PATIENCE)
        try:
            answer = client.read_to_end()
        except ConnectionResetError:
            answer = client.buffer
        assert b"clear" not in answer and b"200 OK" not in answer


def test_a_resting_connection_that_was_closed_is_not_used(gateways, tls_origins, authority):
    def answer(request, peer):
        peer.send(reply(request.target.encode()))
        end_tls(peer)

    origin = tls_origins(authority.issue("IP:127.0.0.1"), answer=answer)
    gateway = gateways(behind(origin, authority=authority.certificate))
    with Client(gateway.port) as client:
        for number in range(20):
            client.request(f"GET /{number} HTTP/1.1")
            assert client.response().body == b"/%d" % number


# Bodies

def test_large_bodies_both_ways(gateways, tls_origins, authority):
    sent = 0

    class Large(TLSOrigin):
        def converse_securely(self, peer):
            nonlocal sent
            peer.read_head()
            for _ in range(LARGE // len(BLOCK)):
                assert peer.read_exactly(len(BLOCK)) == BLOCK
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
            for _ in range(LARGE // len(BLOCK)):
                peer.send(BLOCK)
                sent += len(BLOCK)

    origin = tls_origins(authority.issue("IP:127.0.0.1"), kind=Large)
    gateway = gateways(behind(origin, authority=authority.certificate))
    with Client(gateway.port) as client:
        forget_peak(gateway.pid)
        before = resident(gateway.pid)
        client.request("PUT / HTTP/1.1", f"Content-Length: {LARGE}")
        for _ in range(LARGE // len(BLOCK)):
            client.send(BLOCK)
        head = client.read_head()
        assert head.line.startswith("HTTP/1.1 200")
        last = -1
        while sent != last:
            last = sent
            time.sleep(0.5)
        assert sent < LARGE / 2, "nobody reads, and all was taken from the origin"
        for _ in range(LARGE // len(BLOCK)):
            assert client.read_exactly(len(BLOCK)) == BLOCK
        assert peak(gateway.pid) - before < 16 * MIB


# Files


def test_a_changed_authority_is_believed(gateways, tls_origins, authority, tmp_path):
    trusted = tmp_path / "trusted.pem"
    other = Authority(tmp_path, "other")
    trusted.write_text(open(other.certificate).read())
    origin = tls_origins(authority.issue("IP:127.0.0.1"))
    gateway = gateways(behind(origin, authority=str(trusted)))
    assert b"upstream_tls_failed" in refusal(gateway)
    trusted.write_text(open(authority.certificate).read())

    def status() -> int:
        with Client(gateway.port) as client:
            client.request("GET / HTTP/1.1")
            return client.response().status

    wait_until(lambda: status() == 200, "the new authority")
