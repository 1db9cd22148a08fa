"""Where connections are accepted: bounds, and a process without descriptors."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import time
from pathlib import Path

import pytest

from harness.gateway import plain
from harness.process import PATIENCE, free_port, wait_until
from harness.wire import Client


@contextlib.contextmanager
def held(port: int, count: int, answered: bool = True):
    """Connections, opened one after the other, each of which has had an answer if that is wished."""
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(count):
            clients.append(stack.enter_context(Client(port)))
            if answered:
                ask(clients[-1])
        yield clients


def ask(client: Client) -> None:
    client.request("GET /asked HTTP/1.1")
    response = client.response()
    assert (response.status, response.body) == (200, b"/asked")


def is_admitted(port: int) -> bool:
    with Client(port) as client:
        client.request("GET /asked HTTP/1.1")
        return client.response().status == 200


@pytest.mark.parametrize("limit, reason", [
    ("connections", "connections_exceeded"), ("connections_per_address", "address_connections_exceeded")])
def test_a_bound_of_connections(gateways, origins, limit, reason):
    admin = free_port()
    gateway = gateways(
        plain(origins().port, limits={limit: 10}, admin={"bind": f"127.0.0.1:{admin}"}), event_loops=8)
    gateway.wait_for_port(admin)
    # The harness's own look at the port has a place for a moment.
    wait_until(lambda: metric(admin, "gatehouse_connections_open") == 0, "no connection")
    with held(gateway.port, 10) as clients:
        for _ in range(20):
            with Client(gateway.port) as refused:
                response = refused.response()
                assert response.status == 503
                assert response.get("connection") == "close" and response.get("retry-after") == "1"
                body = json.loads(response.body)
                assert body["reason"] == reason and body["type"] == "ServiceUnavailable" and body["message"]
                assert refused.is_ended()
        for client in clients:
            ask(client)
        assert metric(admin, "gatehouse_connections_refused_total") == 20
        assert metric(admin, f'gatehouse_refusals_total{{reason="{reason}"}}') == 20
        assert gateway.log().count("connections are refused") == 1, "logged once a minute"
        # One goes, and one may come.
        clients[0].close()
        wait_until(lambda: is_admitted(gateway.port), "a place is free")
    wait_until(lambda: metric(admin, "gatehouse_connections_open") == 0, "all places are free")
    with held(gateway.port, 10):
        pass


def metric(admin: int, name: str) -> int:
    with Client(admin) as client:
        client.request("GET /metrics HTTP/1.1", "Connection: close")
        lines = client.response().body.decode().splitlines()
    return int(dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#")).get(name, "0"))


def test_a_refused_client_that_never_stops_sending_is_let_go(gateways, origins):
    gateway = gateways(plain(origins().port, limits={"connections": 1}))
    with held_when_free(gateway.port) as client, Client(gateway.port) as endless:
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                endless.send(b"x" * 65536)
        ask(client)


@contextlib.contextmanager
def held_when_free(port: int):
    """A connection that was admitted, after as many attempts as it takes."""
    with contextlib.ExitStack() as stack:
        def try_again() -> bool:
            client = stack.enter_context(Client(port))
            client.request("GET /asked HTTP/1.1")
            found.append(client)
            return client.response().status == 200

        found = []
        wait_until(try_again, "a connection is admitted")
        yield found[-1]


def test_over_tls_there_is_no_answer(gateways, origins, tmp_path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=example.com", "-days", "2",
         "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    port = free_port()
    files = {"certificate": str(certificate), "key": str(key)}
    listener = {"bind": f"127.0.0.1:{port}", "tls": {"certificates": [files]}}
    gateway = gateways(plain(origins().port, limits={"connections": 1}), more_listeners=(listener,))
    with held_when_free(gateway.port) as client:
        with Client(port) as refused:
            assert refused.is_ended()
        ask(client)


def test_ipv6_counts_by_network_and_ipv4_in_it_as_ipv4(gateways, origins):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    port = free_port()
    gateway = gateways(
        plain(origins().port, limits={"connections_per_address": 2}), event_loops=4,
        more_listeners=({"bind": f"[::]:{port}"},))

    def status(host: str, port: int, source: str) -> int:
        with Peer(host, port, source) as peer:
            return peer.status()

    with contextlib.ExitStack() as stack:
        wait_until(lambda: status("127.0.0.1", gateway.port, "127.0.0.1") == 200, "a place is free")
        for host, to in [("::1", port), ("::1", port), ("127.0.0.2", gateway.port), ("127.0.0.2", port)]:
            peer = stack.enter_context(Peer("::1" if ":" in host else "127.0.0.1", to, host))
            assert peer.status() == 200
        for host, to in [("::1", port), ("127.0.0.2", gateway.port), ("127.0.0.2", port)]:
            assert status("::1" if ":" in host else "127.0.0.1", to, host) == 503
        assert status("127.0.0.1", port, "127.0.0.3") == 200


class Peer(Client):
    """A client with an address of its own."""

    def __init__(self, host: str, port: int, source: str):
        super(Client, self).__init__(
            socket.create_connection((host, port), timeout=PATIENCE, source_address=(source, 0)))

    def status(self) -> int:
        self.request("GET /asked HTTP/1.1")
        return self.response().status


def test_without_descriptors_accepting_pauses(gateways, origins):
    """The clients that have a connection go on, the others wait, and nobody is lost."""
    gateway = gateways(plain(origins().port, limits={"connections": 1000}), event_loops=2)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with held(gateway.port, 4) as clients:
        # Lowered from outside, since the gateway raises its own limit when it starts.
        used = len(list(Path(f"/proc/{gateway.pid}/fd").iterdir()))
        resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, (used + 8, most))
        with held(gateway.port, 40, answered=False) as waiting:
            wait_until(lambda: "connections cannot be accepted" in gateway.log(), "the log tells")
            for client in clients:
                ask(client)
            before = processor_seconds(gateway.pid)
            time.sleep(1)
            assert processor_seconds(gateway.pid) - before < 0.5, "it keeps trying at once"
            assert gateway.log().count("connections cannot be accepted") == 1, "told once a minute"
            assert "Too many open files" in gateway.log() and "LimitNOFILE" in gateway.log()
            resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, (most, most))
            for client in waiting:
                ask(client)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("fits", [True, False])
def test_the_limit_of_open_files_is_raised_and_told_when_low(gateways, origins, fits):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        gateway = gateways(plain(origins().port, limits={"connections": 100 if fits else min(hard, 1_000_000)}))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE) == (hard, hard)
    assert ("the limit of open files is too low" in gateway.log()) == (not fits)
