"""Several endpoints: who is asked, what a failing one does to requests, and what is sent again."""

import contextlib
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from harness.gateway import plain
from harness.origin import Origin, reply
from harness.process import Process, free_port, wait_until
from harness.wire import PATIENCE, Client, Connection

# Long enough for no connection to be closed by time.
AGES = {"idle_timeout": "5m"}


def named(name: str) -> Callable:
    """Answers with its own name."""
    return lambda request, peer: peer.send(reply(name.encode()))


def bodies(client: Client, count: int, *fields: str) -> Counter:
    """Who answers so many requests."""
    found: Counter = Counter()
    for _ in range(count):
        client.request("GET / HTTP/1.1", *fields)
        response = client.response()
        assert response.status == 200, response.body
        found[response.body.decode()] += 1
    return found


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A port that is bound, and refuses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


# Choice


def test_weights(gateways, origins):
    one, three = origins(named("one")), origins(named("three"))
    configuration = plain(one.port)
    configuration["upstreams"]["origin"]["endpoints"] = [
        f"http://127.0.0.1:{one.port}", {"url": f"http://127.0.0.1:{three.port}", "weight": 3}]
    gateway = gateways(configuration)
    with Client(gateway.port) as client:
        assert bodies(client, 40) == {"one": 10, "three": 30}


def test_least_requests_avoids_the_busy(gateways, origins):
    release = threading.Event()

    def slow_at_times(request, peer):
        if request.target == "/slow":
            release.wait(PATIENCE)
        peer.send(reply(b"busy"))

    busy, free = origins(slow_at_times), origins(named("free"))
    gateway = gateways(plain(busy.port, free.port, upstream={"balance": "least_requests"}))
    with contextlib.ExitStack() as stack:
        # Until one is held: of two that are free either may be chosen.
        while not any(request.target == "/slow" for request in busy.requests):
            client = stack.enter_context(Client(gateway.port))
            total = len(busy.requests) + len(free.requests)
            client.request("GET /slow HTTP/1.1")
            wait_until(lambda total=total: len(busy.requests) + len(free.requests) > total, "the request at an origin")
        client = stack.enter_context(Client(gateway.port))
        assert bodies(client, 20) == {"free": 20}
        release.set()


@pytest.mark.parametrize("key", ["header:x-device", "address", "path"])
def test_hash_keeps_a_key_at_its_endpoint(gateways, origins, key):
    three = [origins(named(name)) for name in ("a", "b", "c")]
    gateway = gateways(plain(*(origin.port for origin in three), upstream={"balance": {"hash": key}}))

    def ask(number: int) -> str:
        with Client(gateway.port) as client:
            client.request(f"GET /{number if key == 'path' else ''} HTTP/1.1", f"X-Device: {number}")
            return client.response().body.decode()

    first = [ask(number) for number in range(60)]
    assert [ask(number) for number in range(60)] == first
    assert len(set(first)) == (1 if key == "address" else 3)
    if key == "address":
        return
    # Who is gone leaves the others' keys where they are.
    three[1].close()
    after = [ask(number) for number in range(60)]
    assert [found for found, before in zip(after, first, strict=True) if before != "b"] == [
        before for before in first if before != "b"]
    assert "b" not in after


# Failing endpoints


def test_a_refusing_endpoint_fails_no_request(gateways, origins):
    alive = origins(named("alive"))
    with refusing_port() as dead:
        gateway = gateways(plain(dead, alive.port, upstream={"max_idle": 0, "ejection": "off"}))
        for _ in range(20):
            with Client(gateway.port) as client:
                client.request("POST / HTTP/1.1", "Content-Length: 2", body=b"hi")
                assert client.response().body == b"alive"


SERVER = """
import socket, sys, threading
def serve(peer):
    held = b""
    while data := peer.recv(65536):
        held += data
        while b"\\r\\n\\r\\n" in held:
            held = held.partition(b"\\r\\n\\r\\n")[2]
            peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nfine")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


def test_a_killed_endpoint_loses_no_repeatable_request(gateways, tmp_path):
    ports = [free_port() for _ in range(3)]
    servers = [Process([sys.executable, "-c", SERVER, str(port)], tmp_path, f"server{port}") for port in ports]
    stop = threading.Event()
    statuses: Counter = Counter()
    failures: list[str] = []
    try:
        for server, port in zip(servers, ports, strict=True):
            server.wait_for_port(port)
        gateway = gateways(plain(*ports, upstream={"retry": {"attempts": 3, "least": 1000}}), event_loops=2)

        def traffic() -> None:
            try:
                with Client(gateway.port) as client:
                    while not stop.is_set():
                        client.request("GET / HTTP/1.1")
                        response = client.response()
                        statuses[response.status] += 1
                        if response.status != 200:
                            failures.append(response.body.decode())
            except Exception as error:  # noqa: BLE001 - told at the test's end
                failures.append(repr(error))

        threads = [threading.Thread(target=traffic) for _ in range(16)]
        for thread in threads:
            thread.start()
        wait_until(lambda: statuses[200] > 500, "traffic")
        servers[1].kill()
        seen = statuses[200]
        wait_until(lambda: statuses[200] > seen + 1500 or failures, "traffic after the kill")
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
    finally:
        stop.set()
        for server in servers:
            server.kill()
    assert failures == []
    assert set(statuses) == {200}


def test_ejection_and_return(gateways, origins):
    broken = True

    def at_times(request, peer):
        peer.send(reply(b"down", "503 Service Unavailable") if broken else reply(b"sick"))

    sick, well = origins(at_times), origins(named("well"))
    gateway = gateways(plain(sick.port, well.port, upstream={"ejection": {"failures": 3, "time": "1s", "cap": "50%"}}))
    with Client(gateway.port) as client:
        def ask() -> tuple[int, bytes]:
            client.request("GET / HTTP/1.1")
            response = client.response()
            return response.status, response.body

        answers = [ask() for _ in range(30)]
        assert answers.count((503, b"down")) == 3, "no retry without retry.statuses, and out after three"
        assert "an endpoint is left out for failing" in gateway.log()
        broken = False
        wait_until(lambda: ask() == (200, b"sick"), "the endpoint used again")
        wait_until(lambda: "an endpoint is used again" in gateway.log(), "the return in the log")


# Sent again


class Closing(Origin):
    """Answers the first request of a connection and closes at the second, once it came whole."""

    def serve(self, peer: Connection) -> None:
        for number in range(2):
            if not peer.buffer and not peer.fill():
                return
            head = peer.read_head()
            body = peer.read_body(head)
            self.requests.append((head, body))
            if number == 0:
                peer.send(reply(body or b"fine"))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stale_connection(gateways, origins, method):
    origin = origins(kind=Closing)
    gateway = gateways(plain(origin.port, upstream=AGES))
    with Client(gateway.port) as client:
        client.request("GET /first HTTP/1.1")
        assert client.response().status == 200
        client.request(f"{method} /second HTTP/1.1", *(["Content-Length: 2"] if method == "POST" else []),
                       body=b"hi" if method == "POST" else b"")
        response = client.response()
    seen = [head.line.split(" ")[1] for head, _ in origin.requests]
    if method == "GET":
        assert response.status == 200 and seen == ["/first", "/second", "/second"]
    else:
        assert b'"reason":"upstream_closed"' in response.body and seen == ["/first", "/second"]


def put(client: Client, framing: str, body: bytes) -> None:
    if framing == "length":
        client.request("PUT /put HTTP/1.1", f"Content-Length: {len(body)}", body=body)
        return
    client.request("PUT /put HTTP/1.1", "Transfer-Encoding: chunked")
    for start in range(0, len(body), 1000):
        piece = body[start : start + 1000]
        client.send(b"%x\r\n%b\r\n" % (len(piece), piece))
    client.send(b"0\r\n\r\n")


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("size", [0, 1, 5000, 16384, 16385, 100_000])
def test_a_body_is_sent_again_up_to_the_bound(gateways, origins, framing, size):
    body = bytes(number * 7 % 251 for number in range(size))
    origin = origins(kind=Closing)
    gateway = gateways(plain(origin.port, upstream={**AGES, "retry": {"body": "16KB"}}))
    with Client(gateway.port) as client:
        client.request("GET /first HTTP/1.1")
        assert client.response().status == 200
        put(client, framing, body)
        response = client.response()
    sent = [body for _, body in origin.requests[1:]]
    if size <= 16384:
        assert response.status == 200 and response.body == (body or b"fine")
        assert sent == [body, body]
    else:
        assert response.status == 502 and sent == [body]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_status_sends_the_request_elsewhere(gateways, origins, framing):
    bad = origins(lambda request, peer: peer.send(reply(b"down", "503 Service Unavailable")))
    good = origins(lambda request, peer: peer.send(reply(request.body)))
    gateway = gateways(plain(bad.port, good.port, upstream={
        "retry": {"statuses": [503], "least": 1000}, "ejection": "off"}))
    with Client(gateway.port) as client:
        for _ in range(10):
            put(client, framing, b"body" * 100)
            assert client.response().body == b"body" * 100
        # What may not be repeated is not, and the answer is the origin's own.
        answers = []
        for _ in range(10):
            client.request("POST / HTTP/1.1", "Content-Length: 2", body=b"hi")
            answers.append(client.response().body)
    assert sorted(answers) == [b"down"] * 5 + [b"hi"] * 5
    assert {request.body for request in bad.requests if request.method == "PUT"} == {b"body" * 100}


def test_early_refusals_are_sent_elsewhere_while_the_body_comes(gateways, origins):
    """An endpoint that answers before it has the body, which the client has not sent all of."""
    class Early(Origin):
        def serve(self, peer):
            peer.read_head()
            self.served += 1
            peer.send(reply(b"down", "503 Service Unavailable", "Connection: close"))
            while peer.fill():
                peer.buffer = b""

    bad, good = origins(kind=Early), origins(lambda request, peer: peer.send(reply(request.body)))
    gateway = gateways(plain(bad.port, good.port, upstream={
        "retry": {"statuses": [503], "least": 1000}, "ejection": "off"}))
    for number in range(6):
        served = bad.served
        with Client(gateway.port) as client:
            client.request("PUT / HTTP/1.1", "Content-Length: 2000", body=b"a" * 1000)
            wait_until(lambda served=served: bad.served > served or good.requests, "the request at an origin")
            time.sleep(0.05)
            client.send(b"b" * 1000)
            assert client.response().body == b"a" * 1000 + b"b" * 1000


def test_the_budget_bounds_what_is_sent_again(gateways, origins):
    down = [origins(lambda request, peer: peer.send(reply(b"down", "503 Service Unavailable"))) for _ in range(2)]
    gateway = gateways(plain(*(origin.port for origin in down), upstream={
        "retry": {"statuses": [503], "least": 3, "budget": "10%"}, "ejection": "off"}))
    with Client(gateway.port) as client:
        for _ in range(50):
            client.request("GET / HTTP/1.1")
            assert client.response().status == 503
    sent = sum(origin.served for origin in down)
    assert 53 <= sent <= 50 + 3 + 10, sent


# Connections


def test_a_connection_over_its_age_is_not_used(gateways, origins):
    origin = origins(named("fine"))
    gateway = gateways(plain(origin.port, upstream={"max_age": "200ms"}))
    with Client(gateway.port) as client:
        bodies(client, 3)
        first = origin.connections
        time.sleep(0.4)
        # The first of these may still take the old one, which ends with it.
        bodies(client, 2)
        assert origin.connections > first


def test_a_name_with_a_dead_address(gateways, origins):
    """`localhost` is ::1 and 127.0.0.1 here, and only the second listens."""
    addresses = {entry[4][0] for entry in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)}
    if addresses != {"::1", "127.0.0.1"}:
        pytest.skip(f"localhost is {addresses} here")
    origin = origins(named("fine"))
    configuration = plain(origin.port, upstream={"max_idle": 0})
    configuration["upstreams"]["origin"]["endpoints"] = [f"http://localhost:{origin.port}"]
    gateway = gateways(configuration)
    with Client(gateway.port) as client:
        assert bodies(client, 20) == {"fine": 20}


def test_who_waits_is_served_in_turn_and_the_rest_refused(gateways, origins):
    release = threading.Event()

    def held(request, peer):
        assert release.wait(PATIENCE)
        peer.send(reply(b"fine"))

    origin = origins(held)
    gateway = gateways(plain(origin.port, upstream={"max_connections": 2, "max_idle": 2, "max_waiting": 3}))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(gateway.port)) for _ in range(5)]
        for client in clients:
            client.request("GET / HTTP/1.1")
        wait_until(lambda: len(origin.requests) == 2, "the requests at the origin")
        with Client(gateway.port) as late:
            late.request("GET / HTTP/1.1")
            response = late.response()
            assert response.status == 503 and b'"reason":"upstream_busy"' in response.body
        # One who leaves makes room for another.
        clients.pop().close()
        clients.append(stack.enter_context(Client(gateway.port)))
        time.sleep(0.1)
        clients[-1].request("GET / HTTP/1.1")
        release.set()
        assert [client.response().body for client in clients] == [b"fine"] * 5
    assert origin.connections == 2
