"""Clients that take what they were given from the cache slowly, when it is dropped meanwhile."""

import socket

import requests

from harness.gateway import plain
from harness.origin import reply
from harness.process import free_port, wait_until
from harness.wire import PATIENCE, Client

MIB = 1 << 20
SIZE = 12 * MIB
BOUND = 64 * MIB


class SlowClient(Client):
    """Takes little at a time, so that most of a large answer stays at the gateway."""

    def __init__(self, port: int):
        mine = socket.socket()
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        mine.settimeout(PATIENCE)
        mine.connect(("127.0.0.1", port))
        super(Client, self).__init__(mine)


def test_what_slow_clients_read_counts_until_they_are_done(gateways, origins):
    body = b"x" * SIZE
    origin = origins(lambda request, peer: peer.send(reply(body)))
    port = free_port()
    cache = {"ttl": "1h", "share": "public", "max_object": "16MB"}
    gateway = gateways(plain(
        origin.port, admin={"bind": f"127.0.0.1:{port}"}, limits={"least_rate": "off"},
        stores={"cache": {"size": "64MB", "domain": "100%"}}, defaults={"use": [{"cache": cache}]}))
    gateway.wait_for_port(port)

    def metric(name: str) -> int:
        page = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE).text
        return next(int(line.split(" ")[1]) for line in page.splitlines() if line.startswith(f"gatehouse_cache_{name} "))

    def purge() -> int:
        return requests.post(
            f"http://127.0.0.1:{port}/cache/purges", json={"all": "true"}, timeout=PATIENCE).json()["entries"]

    def ask(client: Client, path: str) -> str:
        client.request(f"GET {path} HTTP/1.1")
        answer = client.response()
        assert answer.body == body
        return answer.get("cache-status")

    slow: list[Client] = []
    with Client(gateway.port) as client:
        for number in range(5):
            assert "stored" in ask(client, f"/{number}")
            # The last byte may be with the client a moment before the answer is kept.
            wait_until(lambda: metric("entries") == 1, "it is kept")
            slow.append(SlowClient(gateway.port))
            slow[-1].request(f"GET /{number} HTTP/1.1")
            assert "hit" in slow[-1].read_head().get("cache-status")
            assert purge() == 1 and metric("entries") == 0
            assert (number + 1) * SIZE <= metric("lent_bytes") <= metric("bytes") <= BOUND
        # All of it is lent: answers are passed on and not kept.
        for _ in range(2):
            assert "hit" not in ask(client, "/more")
        assert metric("entries") == 0 and metric("bytes") <= BOUND
        # Each gets what it was given.
        assert slow[0].read_exactly(SIZE) == body
        for one in slow[1:]:
            one.close()
        wait_until(lambda: metric("lent_bytes") == 0, "nobody reads any more")
        ask(client, "/more")
        wait_until(lambda: "hit" in ask(client, "/more"), "there is room again")
    slow[0].close()
