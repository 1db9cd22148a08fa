"""How the gateway ends: what runs finishes, what waits is served, what is idle goes."""

import contextlib
import signal
import socket
import threading

import pytest

from harness.gateway import plain
from harness.origin import reply
from harness.process import wait_until
from harness.wire import PATIENCE, Client


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT, signal.SIGINT])
def test_idle_connections_of_all_loops_close_while_others_finish(gateways, origins, number):
    finish = threading.Event()

    def answer(request, peer):
        if request.target == "/slow":
            assert finish.wait(PATIENCE)
        peer.send(reply(b"done"))

    origin = origins(answer)
    gateway = gateways(plain(origin.port), event_loops=4)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(gateway.port)) for _ in range(32)]
        for client in clients:
            client.request("GET / HTTP/1.1")
            assert client.response().body == b"done"
        # Some of each loop are busy and some are idle.
        busy, idle = clients[::2], clients[1::2]
        for client in busy:
            client.request("GET /slow HTTP/1.1")
        wait_until(lambda: len(origin.requests) == len(clients) + len(busy), "the origin has all requests")
        gateway.signal(number)
        wait_until(lambda: refuses(gateway.port), "new connections are refused")
        for client in idle:
            assert client.is_ended()
        assert gateway.is_running
        finish.set()
        for client in busy:
            response = client.response()
            assert response.body == b"done" and response.get("connection") == "close"
            assert client.is_ended()
    assert gateway.wait() == 0


@pytest.mark.parametrize("bound", [10_000, 100])
def test_connections_that_wait_to_be_accepted_are_answered(gateways, origins, bound):
    """They were made by the system while the process stood still; closing the listener alone would reset them.

    Fewer are refused than one loop keeps to the end of their answers (256)."""
    gateway = gateways(plain(origins().port, limits={"connections": bound}), event_loops=2)
    with contextlib.ExitStack() as stack:
        gateway.signal(signal.SIGSTOP)
        clients = [stack.enter_context(Client(gateway.port)) for _ in range(300)]
        for client in clients:
            client.request("GET / HTTP/1.1", host="nobody.example")
        gateway.signal(signal.SIGTERM)
        gateway.signal(signal.SIGCONT)
        statuses = [client.response().status for client in clients]
        assert set(statuses) <= {404, 503}
        assert statuses.count(404) >= min(bound, 300)
        for client in clients:
            assert client.is_ended()
    assert gateway.wait() == 0
