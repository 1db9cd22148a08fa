"""The store of all kept answers: its bounds hold for everybody together and leave each domain its part."""

import requests

from harness.gateway import plain
from harness.origin import reply
from harness.process import free_port
from harness.wire import PATIENCE, Client

SIZE = 4 << 20
BODY = b"x" * 10_000


def start(gateways, origins, domain: str) -> tuple:
    admin = free_port()
    use = [{"cache": {"ttl": "1h", "share": "public", "max_object": "64KB"}}]
    configuration = plain(
        origins(lambda request, peer: peer.send(reply(BODY))).port, admin={"bind": f"127.0.0.1:{admin}"},
        stores={"cache": {"size": f"{SIZE >> 20}MB", "domain": domain}}, defaults={"use": use})
    configuration["domains"].append({"name": "hostile.example", "upstream": "origin"})
    gateway = gateways(configuration)
    gateway.wait_for_port(admin)
    return gateway, f"http://127.0.0.1:{admin}/metrics"


def is_hit(client: Client, path: str, host: str) -> bool:
    client.request(f"GET {path} HTTP/1.1", host=host)
    answer = client.response()
    assert answer.body == BODY
    return "gatehouse; hit" in (answer.get("cache-status") or "")


def samples(metrics: str) -> dict[str, float]:
    text = requests.get(metrics, timeout=PATIENCE).text
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def test_a_hostile_domain_leaves_the_others_their_part(gateways, origins):
    gateway, metrics = start(gateways, origins, "50%")
    paths = [f"/{number}" for number in range(100)]
    with Client(gateway.port) as client:
        assert not any(is_hit(client, path, "example.com") for path in paths)
        for number in range(600):
            for _ in range(2):
                is_hit(client, f"/{number}", "hostile.example")
        assert all(is_hit(client, path, "example.com") for path in paths)
        assert sum(is_hit(client, f"/{number}", "hostile.example") for number in range(600)) > 100
    shown = samples(metrics)
    assert SIZE / 2 < shown["gatehouse_cache_bytes"] <= SIZE
    assert 200 < shown["gatehouse_cache_entries"] < SIZE / len(BODY)
    gone = shown["gatehouse_cache_evicted_total"] + shown['gatehouse_cache_rejected_total{reason="unpopular"}']
    assert gone >= 200


def test_a_domain_alone_has_room_beyond_its_part(gateways, origins):
    gateway, metrics = start(gateways, origins, "10%")
    with Client(gateway.port) as client:
        for number in range(250):
            is_hit(client, f"/{number}", "example.com")
        assert samples(metrics)["gatehouse_cache_bytes"] > SIZE / 2
        # The other has its part as soon as it asks.
        for number in range(20):
            is_hit(client, f"/{number}", "hostile.example")
        assert all(is_hit(client, f"/{number}", "hostile.example") for number in range(20))
