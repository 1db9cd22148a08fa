"""Requests that want the same answer at the same time."""

import threading
from collections import Counter

import pytest
import requests

from harness.gateway import plain
from harness.origin import reply
from harness.process import free_port, wait_until
from harness.wire import PATIENCE, Client, Truncated

LOG = {"access-log": {"file": "stdout"}}
FRESH = "Cache-Control: max-age=600"


def cached(port: int, **settings) -> dict:
    cache = {"respect": "origin", "share": "public", "coalesce": {"wait": "60s"}, **settings}
    return plain(port, upstream={"max_connections": 4096}, defaults={"use": [LOG, {"cache": cache}]})


class Gate:
    """An origin's answer that waits until it may go."""

    def __init__(self, answer):
        self.open = threading.Event()
        self.answer = answer

    def __call__(self, request, peer):
        assert self.open.wait(PATIENCE)
        self.answer(request, peer)


def ask_all(gateway, count: int, *fields: str, path: str = "/a") -> list[Client]:
    """So many clients that have asked and not been answered."""
    clients = [Client(gateway.port) for _ in range(count)]
    for client in clients:
        client.request(f"GET {path} HTTP/1.1", *fields)
    return clients


def answers(clients: list[Client]):
    found = [client.response() for client in clients]
    for client in clients:
        client.close()
    return found


def statuses(found) -> Counter:
    return Counter(answer.get("cache-status").removeprefix("gatehouse; ").split("; ttl")[0] for answer in found)


def test_a_thousand_clients_make_one_request(gateways, origins):
    gate = Gate(lambda request, peer: peer.send(reply(b"x" * 5000, "200 OK", FRESH)))
    origin = origins(gate)
    gateway = gateways(cached(origin.port), event_loops=2)
    clients = ask_all(gateway, 1000)
    wait_until(lambda: origin.served > 0, "somebody asks")
    gate.open.set()
    found = answers(clients)
    assert all(answer.status == 200 and answer.body == b"x" * 5000 for answer in found)
    assert len(origin.requests) == 1
    said = statuses(found)
    assert said["fwd=miss; stored"] == 1 and said["fwd=miss; collapsed"] > 0, said
    assert said["fwd=miss; collapsed"] + said["hit"] == 999, said


@pytest.mark.parametrize("head", ["Cache-Control: no-store", "Set-Cookie: a=b", "Vary: *", "X-Nothing: said"])
def test_an_answer_for_one_is_nobody_elses(gateways, origins, head):
    names = iter(range(1000))
    gate = Gate(lambda request, peer: peer.send(reply(b"%d" % next(names), "200 OK", head)))
    origin = origins(gate)
    gateway = gateways(cached(origin.port), event_loops=2)
    clients = ask_all(gateway, 50)
    wait_until(lambda: origin.served > 0, "somebody asks")
    gate.open.set()
    found = answers(clients)
    assert len({answer.body for answer in found}) == 50 and len(origin.requests) == 50
    assert not any("; collapsed\r" in answer.get("cache-status") + "\r" for answer in found)


def test_who_waited_in_vain_asks_together_with_the_others(gateways, origins):
    """The first answer is for one; all the rest are at the origin before it answers any of them."""
    first, rest = threading.Event(), threading.Event()

    def answer(request, peer):
        assert (first if request is origin.requests[0] else rest).wait(PATIENCE)
        peer.send(reply(b"", "200 OK", "Cache-Control: no-store"))

    origin = origins(answer)
    gateway = gateways(cached(origin.port), event_loops=2)
    clients = ask_all(gateway, 20)
    wait_until(lambda: origin.served == 1, "somebody asks")
    first.set()
    wait_until(lambda: origin.served >= 20, "all ask in parallel")
    rest.set()
    assert len(answers(clients)) == 20


def test_another_takes_the_place_of_a_leader_who_left(gateways, origins):
    gate = Gate(lambda request, peer: peer.send(reply(b"hello", "200 OK", FRESH)))
    origin = origins(gate)
    gateway = gateways(cached(origin.port), event_loops=2)
    leader = ask_all(gateway, 1)[0]
    wait_until(lambda: origin.served == 1, "the leader asks")
    clients = ask_all(gateway, 30)
    # One who has waited leaves too; it may become the leader for a moment.
    clients.pop(0).close()
    leader.close()
    wait_until(lambda: len(gateway.access_log()) == 2, "both are gone")
    wait_until(lambda: origin.served in (2, 3), "another one asks")
    gate.open.set()
    assert all(answer.body == b"hello" for answer in answers(clients))
    assert len(origin.requests) in (2, 3)


@pytest.mark.parametrize("trouble", [b"", b"HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\nContent-Length: 9\r\n\r\ncut"])
def test_another_takes_the_place_of_a_leader_without_an_answer(gateways, origins, trouble):
    def answer(request, peer):
        if request is not origin.requests[0]:
            return peer.send(reply(b"hello", "200 OK", FRESH))
        peer.send(trouble)
        peer.close()

    gate = Gate(answer)
    origin = origins(gate)
    gateway = gateways(cached(origin.port))
    leader = ask_all(gateway, 1)[0]
    wait_until(lambda: origin.served == 1, "the leader asks")
    clients = ask_all(gateway, 30)
    gate.open.set()
    if trouble:
        with pytest.raises(Truncated):
            leader.response()
    else:
        assert leader.response().status == 502
    assert all(answer.body == b"hello" for answer in answers(clients))
    assert len(origin.requests) == 2


def test_an_origin_in_trouble_is_asked_by_one_at_a_time(gateways, origins):
    """However many have failed: the others wait for the next, as long as they may."""
    gate = threading.Semaphore(0)
    asking = []

    def answer(request, peer):
        asking.append(1)
        assert gate.acquire(timeout=PATIENCE)
        most.append(len(asking))
        asking.pop()
        peer.send(reply(b"later", "503 So") if len(origin.requests) < 20 else reply(b"hello", "200 OK", FRESH))

    most: list[int] = []
    origin = origins(answer)
    port = free_port()
    gateway = gateways({**cached(origin.port), "admin": {"bind": f"127.0.0.1:{port}"}}, event_loops=2)
    gateway.wait_for_port(port)

    def arrived() -> bool:
        page = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE).text
        return "\ngatehouse_requests_total 100\n" in page

    first = ask_all(gateway, 1)
    wait_until(lambda: origin.served == 1, "somebody asks")
    clients = first + ask_all(gateway, 99)
    # Whoever comes while nobody asks would ask for itself, so all have to be there.
    wait_until(arrived, "all are there")
    gate.release(100)
    found = Counter(answer.body for answer in answers(clients))
    assert found == {b"later": 19, b"hello": 81} and len(origin.requests) == 20
    assert set(most) == {1}


def test_nobody_waits_for_the_end_of_a_stream(gateways, origins):
    first, end = threading.Event(), threading.Event()

    def answer(request, peer):
        assert first.wait(PATIENCE)
        peer.send(b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        end.wait(PATIENCE)
        peer.close()

    origin = origins(answer)
    gateway = gateways(cached(origin.port))
    clients = ask_all(gateway, 5)
    wait_until(lambda: origin.served == 1, "somebody asks")
    first.set()
    wait_until(lambda: origin.served == 5, "all listen")
    end.set()
    assert all(b"data: 1" in answer.body for answer in answers(clients))


def test_a_slow_leader_holds_nobody_for_long(gateways, origins):
    slow = threading.Event()

    def answer(request, peer):
        if request is origin.requests[0]:
            assert slow.wait(PATIENCE)
        peer.send(reply(b"hello", "200 OK", FRESH))

    origin = origins(answer)
    gateway = gateways(cached(origin.port, coalesce={"wait": "100ms"}))
    leader = ask_all(gateway, 1)
    wait_until(lambda: origin.served == 1, "the leader asks")
    assert all(answer.body == b"hello" for answer in answers(ask_all(gateway, 10)))
    slow.set()
    assert answers(leader)[0].body == b"hello"


@pytest.mark.parametrize("coalesce, asked", [("off", 10), ({"wait": "60s", "most": 4}, 6)])
def test_how_many_wait(gateways, origins, coalesce, asked):
    gate = Gate(lambda request, peer: peer.send(reply(b"hello", "200 OK", FRESH)))
    origin = origins(gate)
    gateway = gateways(cached(origin.port, coalesce=coalesce))
    clients = ask_all(gateway, 10)
    wait_until(lambda: origin.served == asked, "as many as do not wait ask")
    gate.open.set()
    assert all(answer.body == b"hello" for answer in answers(clients))
    assert len(origin.requests) == asked


def test_each_gets_what_fits_its_own_request(gateways, origins):
    """Those whose fields the answer does not fit ask once more, together."""

    def answer(request, peer):
        language = request.head.get("accept-language").encode()
        peer.send(reply(language, "200 OK", FRESH, "Vary: Accept-Language"))

    gate = Gate(answer)
    origin = origins(gate)
    gateway = gateways(cached(origin.port), event_loops=2)
    first = ask_all(gateway, 1, "Accept-Language: en")
    wait_until(lambda: origin.served == 1, "the leader asks")
    rest = {language: ask_all(gateway, 10, f"Accept-Language: {language}") for language in ["en", "de"]}
    gate.open.set()
    assert answers(first)[0].body == b"en"
    for language, clients in rest.items():
        assert {answer.body for answer in answers(clients)} == {language.encode()}
    assert len(origin.requests) <= 3


def test_one_validates_for_all(gateways, origins):
    gate = Gate(lambda request, peer: peer.send(b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=600\r\n\r\n"))

    def answer(request, peer):
        if request.head.get("if-none-match"):
            return gate(request, peer)
        peer.send(reply(b"hello", "200 OK", "Cache-Control: max-age=3", 'ETag: "v1"'))

    origin = origins(answer)
    gateway = gateways(cached(origin.port), event_loops=2)
    assert answers(ask_all(gateway, 1))[0].body == b"hello"
    # The client may have its answer a moment before it is kept.
    for wish, status in [("only-if-cached, max-stale", 200), ("only-if-cached", 504)]:
        wait_until(
            lambda: answers(ask_all(gateway, 1, f"Cache-Control: {wish}"))[0].status == status, "it is kept, and stale")
    clients = ask_all(gateway, 100)
    wait_until(lambda: origin.served == 2, "one asks")
    gate.open.set()
    found = answers(clients)
    assert all(answer.body == b"hello" for answer in found) and len(origin.requests) == 2
    said = statuses(found)
    assert said["fwd=stale; fwd-status=304; stored"] == 1 and said["fwd=stale; collapsed"] > 0, said


def test_nobody_is_left_waiting_when_clients_leave(gateways, origins):
    gate = Gate(lambda request, peer: peer.send(reply(b"hello", "200 OK", FRESH)))
    origin = origins(gate)
    gateway = gateways(cached(origin.port), event_loops=2)
    for client in ask_all(gateway, 100):
        client.close()
    wait_until(lambda: len(gateway.access_log()) == 100, "all are gone")
    gate.open.set()
    assert {line["reason"] for line in gateway.access_log()} == {"client_closed"}
    assert answers(ask_all(gateway, 1))[0].body == b"hello"
