"""Domains that share the connections of an upstream: who is slow keeps nobody waiting, and the heaviest has to go first."""

import contextlib
import json
import threading
import time

from harness.gateway import Gateway
from harness.origin import Origin, reply
from harness.process import free_port, wait_until
from harness.wire import PATIENCE, Client

HEAVY, LIGHT, OTHER = "heavy.example", "light.example", "other.example"


class Slow(Origin):
    """Answers at once, but requests for /slow only when they are released."""

    def __init__(self):
        self.release = threading.Event()
        super().__init__(self.hold)

    def hold(self, request, peer):
        if request.target.startswith("/slow"):
            assert self.release.wait(PATIENCE)
        peer.send(reply(request.target.encode()))

    def count(self, target: str) -> int:
        return sum(request.target.startswith(target) for request in self.requests)


def start(gateways, origin: Origin, admin: int | None = None, **upstream) -> Gateway:
    endpoints = [f"http://127.0.0.1:{origin.port}"]
    configuration = {
        "upstreams": {"origin": {"endpoints": endpoints, **upstream}},
        "domains": [{"name": name, "upstream": "origin"} for name in (HEAVY, LIGHT, OTHER)]}
    if admin:
        configuration["admin"] = {"bind": f"127.0.0.1:{admin}"}
    gateway = gateways(configuration)
    if admin:
        gateway.wait_for_port(admin)
    return gateway


def ask(stack: contextlib.ExitStack, gateway: Gateway, domain: str, target: str) -> Client:
    client = stack.enter_context(Client(gateway.port))
    client.request(f"GET {target} HTTP/1.1", host=domain)
    return client


def metric(admin: int, name: str) -> int:
    with Client(admin) as client:
        client.request("GET /metrics HTTP/1.1", "Connection: close")
        lines = client.response().body.decode().splitlines()
    return int(dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))[name])


WAITING = 'gatehouse_upstream_waiting{upstream="origin"}'
SHED = 'gatehouse_upstream_shed_total{upstream="origin"}'


def test_a_slow_domain_leaves_the_others_alone(gateways, origins):
    admin, origin = free_port(), origins(kind=Slow)
    gateway = start(gateways, origin, admin, max_connections=10, fair={"headroom": "20%"})
    with contextlib.ExitStack() as stack:
        slow = [ask(stack, gateway, HEAVY, "/slow") for _ in range(40)]
        wait_until(lambda: metric(admin, WAITING) == 32, "the others wait")
        wait_until(lambda: origin.count("/slow") == 8, "a fifth is kept free")
        began = time.monotonic()
        with Client(gateway.port) as client:
            for _ in range(50):
                client.request("GET /quick HTTP/1.1", host=LIGHT)
                assert client.response().status == 200
        assert time.monotonic() - began < PATIENCE / 3
        assert metric(admin, WAITING) == 32 and origin.count("/slow") == 8
        origin.release.set()
        assert all(client.response().status == 200 for client in slow)
        assert metric(admin, WAITING) == 0 and metric(admin, SHED) == 0


def test_a_weight_is_more_of_the_connections(gateways, origins):
    admin, origin = free_port(), origins(kind=Slow)
    fair = {"headroom": "20%", "weights": {HEAVY: 3}}
    gateway = start(gateways, origin, admin, max_connections=25, fair=fair)
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            ask(stack, gateway, HEAVY, "/slow")
        # 3 * 4 / (1 + 3 * 4) of 25.
        wait_until(lambda: metric(admin, WAITING) == 40 - 23, "the others wait")
        wait_until(lambda: origin.count("/slow") == 23, "the first at the origin")
        origin.release.set()


def test_the_heaviest_has_to_go(gateways, origins):
    admin, origin = free_port(), origins(kind=Slow)
    gateway = start(gateways, origin, admin, max_connections=2, max_waiting=4)
    with contextlib.ExitStack() as stack:
        running = [ask(stack, gateway, HEAVY, "/slow")]
        wait_until(lambda: origin.count("/slow") == 1, "the first at the origin")
        running.append(ask(stack, gateway, OTHER, "/slow"))
        wait_until(lambda: origin.count("/slow") == 2, "the second at the origin")
        waiting = []
        for number in range(4):
            waiting.append(ask(stack, gateway, HEAVY, f"/heavy{number}"))
            wait_until(lambda number=number: metric(admin, WAITING) == number + 1, "one more waits")
        # The newest goes first, then the one before it.
        light = []
        for number in (3, 2):
            light.append(ask(stack, gateway, LIGHT, f"/light{number}"))
            response = waiting.pop().response()
            assert response.status == 503 and response.get("retry-after") == "1"
            assert json.loads(response.body)["reason"] == "upstream_overloaded"
        assert metric(admin, SHED) == 2 and metric(admin, WAITING) == 4
        refused = ask(stack, gateway, HEAVY, "/heavy9").response()
        assert refused.status == 503 and refused.get("retry-after") == "1"
        assert json.loads(refused.body)["reason"] == "upstream_busy"
        # One who leaves takes nobody else's place, and leaves his own to another.
        light.pop().close()
        wait_until(lambda: metric(admin, WAITING) == 3, "one has left")
        waiting.append(ask(stack, gateway, HEAVY, "/heavy10"))
        wait_until(lambda: metric(admin, WAITING) == 4, "one more waits")
        origin.release.set()
        for client in (*running, *light, *waiting):
            assert client.response().status == 200
        targets = [request.target for request in origin.requests]
        assert targets.index("/light3") < targets.index("/heavy1"), "who has none comes before who has one"
        assert metric(admin, WAITING) == 0


def test_dead_connections_give_their_place_back(gateways, origins):
    """Again and again clients leave in the middle; at the end a domain still gets all that it may."""
    admin, origin = free_port(), origins(kind=Slow)
    gateway = start(gateways, origin, admin, max_connections=10)
    for _ in range(5):
        with contextlib.ExitStack() as stack:
            for domain in (HEAVY, LIGHT):
                for _ in range(15):
                    ask(stack, gateway, domain, "/slow")
            wait_until(lambda: metric(admin, WAITING) > 10, "some wait")
        wait_until(lambda: metric(admin, WAITING) == 0, "all have left")
    origin.release.set()
    with contextlib.ExitStack() as stack:
        for client in [ask(stack, gateway, OTHER, "/quick") for _ in range(30)]:
            assert client.response().status == 200
    assert metric(admin, SHED) == 0
