"""Answers that gateways share on a Redis server: one fetches for all, what is purged comes back nowhere, and a server that
fails is a miss."""

import json
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests

from harness import redis as redis_server
from harness.gateway import plain
from harness.origin import reply
from harness.process import PATIENCE, ROOT, executable, free_port, wait_until
from harness.signer import Signer
from harness.wire import Client

pytestmark = redis_server.needed

SECRET = "not so secret: thirty-two bytes or more of it"
WRITES = 'gatehouse_cache_shared_writes_total{result="%s"}'
LOOKUPS = 'gatehouse_cache_shared_lookups_total{result="%s"}'


@pytest.fixture
def redis(tmp_path):
    yield from redis_server.servers(tmp_path)


class Node:
    """A gateway whose answers are shared; of one loop, unless a test wants more."""

    def __init__(self, gateways, tmp_path, origin_port: int, redis_port: int, cache: dict, store: dict, more: dict):
        secret = tmp_path / "secret"
        secret.write_text(SECRET)
        # Patient where no test says otherwise, so that a busy machine cuts nobody off.
        redis = {"url": f"redis://127.0.0.1:{redis_port}", "connect_timeout": "10s", "timeout": "10s", **store}
        tier = {"spread": "writes"}
        if more.get("second_tier", True):
            tier |= {"second_tier": "redis", "second_tier_secret": {"file": str(secret)}}
        tier |= more.get("tier", {})
        cache = {"ttl": "1h", "share": "public", "tags": ["numbers"], "purges": ["numbers"], **cache}
        port = free_port()
        self.admin = f"http://127.0.0.1:{port}"
        configuration = plain(
            origin_port, admin={"bind": f"127.0.0.1:{port}"}, stores={"redis": redis, "cache": tier},
            defaults={"use": [*more.get("before", []), {"cache": cache}]})
        configuration["domains"].append({"name": "other.example", "upstream": "origin"})
        self.gateway = gateways(configuration, event_loops=more.get("event_loops", 1))
        self.gateway.wait_for_port(port)

    def ask(self, target: str = "/number", *fields: str, method: str = "GET", host: str = "example.com"):
        with Client(self.gateway.port) as client:
            length = ["Content-Length: 0"] if method != "GET" else []
            client.request(f"{method} {target} HTTP/1.1", *length, *fields, host=host)
            answer = client.response(method)
            assert answer.status == 200 or (answer.status == 503 and self.may_refuse), answer.body
            return answer

    # Whether limits may refuse what is asked for.
    may_refuse = False

    def is_shared(self, *arguments, **more) -> bool:
        return "detail=shared" in self.ask(*arguments, **more).get("cache-status")

    def purge(self, *arguments: str) -> dict:
        done = subprocess.run(
            [executable(), "cache", "purge", *arguments, "--admin", self.admin, "--json"], capture_output=True,
            text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["answer"]

    def metric(self, name: str) -> int:
        page = requests.get(f"{self.admin}/metrics", timeout=PATIENCE).text
        return next(int(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith(f"{name} "))

    def settled(self) -> None:
        """It listens to the others, and its loop has been told the server's time."""
        wait_until(lambda: self.purge("--tag", "nobody")["spread"] == "told", "it listens")
        before, number = self.metric(LOOKUPS % "none"), 0

        def asks() -> bool:
            nonlocal number
            number += 1
            self.ask(f"/settling/{id(self)}/{number}/{time.monotonic_ns()}")
            return self.metric(LOOKUPS % "none") > before

        wait_until(asks, "it asks the second tier")


@pytest.fixture
def nodes(gateways, origins, redis, tmp_path):
    def start(
            count: int = 2, cache: dict = {}, store: dict = {}, fields: tuple = (), settle: bool = True, padding: int = 0,
            **more):
        lock, number = threading.Lock(), 0

        def answer(request, peer):
            nonlocal number
            with lock:
                number += 1
                said = number
            body = str(said).encode() + b"x" * padding
            whole = reply(body, "200 OK", *(field.format(number=said) for field in fields))
            peer.send(whole.split(b"\r\n\r\n")[0] + b"\r\n\r\n" if request.method == "HEAD" else whole)

        start.origin = origins(answer)
        made = [Node(gateways, tmp_path, start.origin.port, redis.port, cache, store, more) for _ in range(count)]
        for node in made if settle else []:
            node.settled()
        return made

    return start


def names(server) -> list[str]:
    return server.command("KEYS", "gatehouse:{cache}:answer:*").split()


def keep(node: Node, server, target: str, *fields: str, **more) -> bytes:
    """Has an answer to a target that was never asked for fetched and written to the second tier, just after it was sent."""
    before = len(names(server))
    body = node.ask(target, *fields, **more).body
    wait_until(lambda: len(names(server)) > before, "it is written")
    return body


def holds(server, name: str, text: str) -> bool:
    return server.command("EVAL", "return redis.call('GET', KEYS[1]):find(ARGV[1], 1, true) or 0", "1", name, text) != "0"


def test_one_fetches_for_all(nodes, redis):
    server = redis()
    first, second = nodes()
    kept = keep(first, server, "/number")
    asked = len(nodes.origin.requests)
    answer = second.ask()
    assert answer.body == kept and "detail=shared" in answer.get("cache-status")
    assert int(answer.get("age")) >= 0 and len(nodes.origin.requests) == asked
    assert second.ask().body == kept and not second.is_shared()
    assert second.metric('gatehouse_cache_requests_total{result="shared"}') == 1
    # Nothing of it can be read there, and it goes by itself.
    for name in names(server):
        assert 0 < int(server.command("PTTL", name)) <= 3_600_000
        assert not any(holds(server, name, text) for text in ["number", "example", "Date:"])


def test_what_is_purged_comes_back_nowhere(nodes, redis):
    server = redis()
    first, second, third = nodes(3)
    domain = ["--domain", "example.com"]
    purges = [["--tag", "numbers"], ["--tag", "numbers", *domain], ["--prefix", "/number"], ["--prefix", "/", *domain],
              ["--key", "/number/4"], ["--key", "/number/5", *domain], domain, ["--all"]]
    for number, purge in enumerate(purges):
        target = f"/number/{number}"
        kept = keep(first, server, target)
        assert second.ask(target).body == kept, "it has it, too"
        first.purge(*purge)
        # The first knows at once, whatever the server knows.
        assert first.ask(target).body != kept, purge
        wait_until(lambda: second.ask(target).body != kept, f"{purge} reaches it")
        # The third had nothing in memory.
        assert third.ask(target).body != kept, purge


def test_writes_hold_for_all(nodes, redis):
    server = redis()
    first, second, third = nodes(3)
    for target, method, changed in [
            ("/by/tag", "POST", "/elsewhere"), ("/by/member", "DELETE", "/by/member/1"), ("/by/path", "PUT", "/by/path")]:
        kept = keep(first, server, target)
        assert second.ask(target).body == kept
        first.ask(changed, method=method)
        assert first.ask(target).body != kept
        wait_until(lambda: second.ask(target).body != kept, f"{method} {changed} holds there")
        assert third.ask(target).body != kept


def test_an_answer_whose_request_began_before_the_purge_is_not_taken(nodes, redis, origins, gateways, tmp_path):
    """It is held at the origin while another gateway purges: nobody gets it afterwards."""
    server = redis()
    arrived, released, number = threading.Event(), threading.Event(), 0

    def answer(request, peer):
        nonlocal number
        number += 1
        said = number
        if request.target == "/number" and not arrived.is_set():
            arrived.set()
            assert released.wait(PATIENCE)
        peer.send(reply(str(said).encode()))

    origin = origins(answer)
    first, second, third = [Node(gateways, tmp_path, origin.port, redis.port, {}, {}, {}) for _ in range(3)]
    for node in (first, second, third):
        node.settled()
    got = []
    thread = threading.Thread(target=lambda: got.append(first.ask().body))
    thread.start()
    assert arrived.wait(PATIENCE)
    # The first one does not hear of it in time: what it writes is judged by the server.
    server.command("CLIENT", "KILL", "TYPE", "pubsub")
    before = second.metric("gatehouse_cache_spread_sent_total")
    second.purge("--tag", "numbers")
    wait_until(lambda: second.metric("gatehouse_cache_spread_sent_total") > before, "it is told")
    released.set()
    thread.join(PATIENCE)
    assert third.ask().body != got[0]
    assert second.ask().body != got[0]


def test_what_could_not_be_told_is_told_later(nodes, redis, gateways, tmp_path):
    server = redis()
    (second,) = nodes(1)
    server.command("ACL", "SETUSER", "one", "on", ">word", "~*", "&*", "+@all")
    (tmp_path / "word").write_text("word")
    credentials = {"user": "one", "password": {"file": str(tmp_path / "word")}}
    first = Node(gateways, tmp_path, nodes.origin.port, redis.port, {}, credentials, {})
    first.settled()
    kept = keep(first, server, "/number")
    # The first is cut off; a write passes there. It takes nothing old, and the others go on with what they have.
    server.command("ACL", "SETUSER", "one", "off")
    server.command("CLIENT", "KILL", "USER", "one")
    first.ask("/elsewhere", method="POST")
    assert first.ask("/number").body != kept
    assert second.ask("/number").body == kept
    server.command("ACL", "SETUSER", "one", "on")
    wait_until(lambda: second.ask("/number").body != kept, "it is told when the first is back")
    third = Node(gateways, tmp_path, nodes.origin.port, redis.port, {}, {}, {})
    third.settled()
    assert third.ask("/number").body != kept


def test_a_change_that_the_server_refuses_is_told_later(nodes, redis):
    server = redis()
    first, second, third = nodes(3)
    kept = keep(first, server, "/number")
    assert second.ask("/number").body == kept
    server.command("CONFIG", "SET", "maxmemory", "1")
    first.purge("--tag", "numbers")
    assert first.ask("/number").body != kept
    wait_until(lambda: "refuses what other gateways" in first.gateway.log(), "it is refused")
    server.command("CONFIG", "SET", "maxmemory", "0")
    wait_until(lambda: second.ask("/number").body != kept, "it is told after all")
    assert third.ask("/number").body != kept


def test_several_loops(nodes, redis):
    """Look-ups of two loops of each gateway, with writes between: who has written reads nothing older."""
    redis()
    first, second = nodes(event_loops=2)
    for number in range(100):
        for node in (first, second):
            before = node.ask("/number").body
            node.ask("/elsewhere", method="POST")
            assert int(node.ask("/number").body) > int(before), number
    for node in (first, second):
        assert node.metric(LOOKUPS % "refused") == 0


def test_without_the_server_there_are_only_misses(nodes, redis):
    server = redis()
    store = {"timeout": "200ms", "connect_timeout": "400ms"}
    first, second = nodes(store=store)
    keep(first, server, "/number")
    # Stopped: it takes what is sent and says nothing. The first question waits for the time it has; the next do not.
    server.signal(signal.SIGSTOP)
    asked = len(nodes.origin.requests)
    for number in range(20):
        second.ask(f"/stopped/{number}")
    assert len(nodes.origin.requests) == asked + 20
    assert second.metric(LOOKUPS % "failed") >= 20
    server.signal(signal.SIGCONT)
    server.kill()
    for number in range(20):
        second.ask(f"/killed/{number}")
    assert len(nodes.origin.requests) == asked + 40
    # It comes back empty.
    server = redis()
    first.settled()
    second.settled()
    kept = keep(first, server, "/after")
    assert second.ask("/after").body == kept


def at_once(node: Node, targets: list[str]) -> list:
    """Asks for all at the same time."""
    answers = [None] * len(targets)

    def ask(index: int) -> None:
        answers[index] = node.ask(targets[index])

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(targets))]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    yield answers


def test_a_server_that_hangs_during_look_ups(nodes, redis):
    """Those who have asked it and those who wait for them go to the origin when the time is over."""
    server = redis()
    first, second = nodes(store={"timeout": "500ms"})
    kept = [keep(first, server, f"/hung/{number}") for number in range(4)]
    asked, failed = len(nodes.origin.requests), second.metric(LOOKUPS % "failed")
    server.signal(signal.SIGSTOP)
    asking = at_once(second, [f"/hung/{number % 4}" for number in range(16)])
    next(asking)
    answers = next(asking)
    assert len(nodes.origin.requests) >= asked + 4 and second.metric(LOOKUPS % "failed") > failed
    for number in range(4):
        assert {answer.body for answer in answers[number::4]}.isdisjoint({kept[number]})
    server.signal(signal.SIGCONT)
    second.settled()
    assert second.is_shared("/hung/5") is False


def test_a_server_that_goes_on_answers_all_who_wait(nodes, redis):
    """It hangs for less than the time they have: nobody asks the origin, and nobody is told that it was asked."""
    server = redis()
    first, second = nodes()
    kept = keep(first, server, "/number")
    asked = len(nodes.origin.requests)
    server.signal(signal.SIGSTOP)
    asking = at_once(second, ["/number"] * 8)
    next(asking)
    server.signal(signal.SIGCONT)
    answers = next(asking)
    assert {answer.body for answer in answers} == {kept} and len(nodes.origin.requests) == asked
    assert all(answer.get("cache-status").startswith("gatehouse; hit; ttl=") for answer in answers)


def test_answers_larger_than_a_socket_takes_at_once(nodes, redis):
    server = redis()
    first, second = nodes(
        padding=4 << 20, cache={"max_object": "8MB"}, tier={"second_tier_max_object": "8MB"}, settle=False)
    for node in (first, second):
        wait_until(lambda: node.purge("--tag", "nobody")["spread"] == "told", "it listens")
        wait_until(lambda: node.ask(f"/s/{time.monotonic_ns()}") and node.metric(LOOKUPS % "none") > 0, "it asks")
    kept = [keep(first, server, f"/large/{number}") for number in range(3)]
    asked = len(nodes.origin.requests)
    asking = at_once(second, ["/large/0", "/large/1", "/large/2"] * 2)
    next(asking)
    assert [answer.body for answer in next(asking)] == kept * 2
    assert len(nodes.origin.requests) == asked and second.metric(LOOKUPS % "refused") == 0


def test_what_a_domain_writes_is_bounded(nodes, redis):
    """One that asks for much leaves the others theirs."""
    server = redis()
    tier = {"second_tier_domain_rate": "1KB", "second_tier_max_object": "8KB"}
    first, second = nodes(padding=2000, tier=tier, settle=False)
    other = {"host": "other.example"}
    for node in (first, second):
        wait_until(lambda: node.purge("--tag", "nobody")["spread"] == "told", "it listens")
        node.ask("/first")
        wait_until(lambda: node.metric(LOOKUPS % "none") > 0 or node.ask(f"/s/{time.monotonic_ns()}"), "it asks")
    dropped = first.metric(WRITES % "dropped")
    for number in range(40):
        first.ask(f"/scan/{number}")
    # Ten KiB at once, and one more for each second that this takes.
    assert first.metric(WRITES % "dropped") > dropped
    kept = keep(first, server, "/number", **other)
    assert second.ask("/number", **other).body == kept


FULL = [{"rate-limit": {"rate": "1000000/h", "key": "domain", "store": "redis", "on_failure": "closed"}}]


def fill(server, node: Node) -> None:
    """Gives a server little more memory than it uses, and has answers written until it is full."""
    used = next(line for line in server.command("INFO", "memory").splitlines() if line.startswith("used_memory:"))
    server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    server.command("CONFIG", "SET", "maxmemory", str(int(used.split(":")[1]) + 200_000))
    numbers = iter(range(100_000))
    full = lambda: server.command("SET", "probe", "x" * 4000).startswith("OOM")
    wait_until(lambda: node.ask(f"/fill/{next(numbers)}") and full(), "it is full")


def test_answers_fill_the_server_of_the_limits(nodes, redis):
    """Why a cache has a server of its own: with one for both, answers are what limits fail for."""
    server = redis()
    (node,) = nodes(1, padding=500, before=FULL)
    node.may_refuse = True
    fill(server, node)
    # Some more that connect, and it refuses everything that writes.
    others = [socket.create_connection(("127.0.0.1", redis.port)) for _ in range(32)]
    wait_until(lambda: node.ask("/limited").status == 503, "limits fail")
    node.purge("--tag", "numbers")
    wait_until(lambda: "refuses what other gateways" in node.gateway.log(), "purges wait")
    for other in others:
        other.close()
    server.command("CONFIG", "SET", "maxmemory", "0")
    wait_until(lambda: node.ask("/limited").status == 200, "limits are counted again")


def test_a_full_server_of_its_own_leaves_the_limits_alone(nodes, redis, tmp_path):
    limits, own = redis(), redis_server.Redis(tmp_path, free_port(), "own")
    try:
        url = {"url": f"redis://127.0.0.1:{own.port}", "connect_timeout": "10s", "timeout": "10s"}
        first, second = nodes(padding=500, before=FULL, tier={"redis": url})
        kept = keep(first, own, "/number")
        assert second.ask().body == kept
        # Changes are told there as well; the limits' server knows nothing of answers.
        first.purge("--tag", "numbers")
        wait_until(lambda: second.ask().body != kept, "it hears")
        assert limits.command("KEYS", "gatehouse:{cache}*") == "" and "{limits}" not in own.command("KEYS", "*")
        kept = keep(first, own, "/other")
        fill(own, first)
        for number in range(20):
            assert first.ask(f"/number/{number}").status == 200
        # What it has it gives.
        assert second.ask("/other").body == kept
    finally:
        own.kill()


def test_a_server_that_was_emptied_gives_nothing_old(nodes, redis):
    server = redis()
    first, second = nodes()
    keep(first, server, "/number")
    # The answers stay and what is known of changes goes: as when a full server throws out what it likes.
    (places,) = server.command("KEYS", "gatehouse:{cache}:places:*").split()
    server.command("DEL", places)
    asked = len(nodes.origin.requests)
    assert not second.is_shared() and len(nodes.origin.requests) == asked + 1
    server.command("FLUSHALL")
    kept = keep(first, server, "/other")
    assert second.ask("/other").body == kept


def test_a_server_that_was_started_anew_gives_nothing_old(nodes, redis):
    """Its answers are there as they were saved, but changes that came after that may not be."""
    server = redis()
    first, second = nodes()
    kept = keep(first, server, "/number")
    server.command("SAVE")
    first.purge("--tag", "numbers")
    wait_until(lambda: not second.is_shared(), "it is told")
    server.kill()
    server = redis()
    assert names(server), "it has what was saved"
    first.settled()
    second.settled()
    assert first.ask("/number").body != kept and second.ask("/number").body != kept


def test_a_gateway_without_the_tier_changes_things_for_all(nodes, redis, tmp_path, gateways):
    """Its changes are marked by nobody, and still nothing comes from the server that is older."""
    server = redis()
    first, second = nodes()
    kept = keep(first, server, "/number")
    without = Node(gateways, tmp_path, nodes.origin.port, redis.port, {}, {}, {"second_tier": False})
    wait_until(lambda: without.purge("--tag", "nobody")["spread"] == "told", "it listens")
    without.ask("/number", method="POST")
    wait_until(lambda: first.ask("/number").body != kept, "it is told")
    assert second.ask("/number").body != kept


def test_another_configuration_of_the_route_shares_nothing(nodes, redis, tmp_path, gateways):
    server = redis()
    (first,) = nodes(1)
    kept = keep(first, server, "/number")
    other = Node(gateways, tmp_path, nodes.origin.port, redis.port, {}, {}, {"before": ["request-id"]})
    other.settled()
    assert other.ask("/number").body != kept


def test_what_the_origin_takes_back_is_gone_for_all(nodes, redis):
    server = redis()
    first, second = nodes(fields=('ETag: "{number}"',))
    kept = keep(first, server, "/number")
    before = set(names(server))
    # Another ETag than the kept answer's.
    first.ask("/number", "Cache-Control: no-cache", method="HEAD")
    wait_until(lambda: len(names(server)) < len(before), "it is gone there")
    assert first.ask("/number").body != kept and second.ask("/number").body != kept


def test_what_others_write_there_is_not_taken(nodes, redis):
    server = redis()
    first, second = nodes()
    others = set(names(server))
    keep(first, server, "/a")
    keep(first, server, "/b")
    kept = [name for name in names(server) if name not in others]
    assert len(kept) == 2
    # Each answer under the other's name, and then with some bytes changed.
    swap = "local a = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], redis.call('GET', KEYS[2])) " \
        "redis.call('SET', KEYS[2], a)"
    server.command("EVAL", swap, "2", *kept)
    asked = len(nodes.origin.requests)
    assert not second.is_shared("/a") and len(nodes.origin.requests) == asked + 1
    for name in kept:
        server.command("SETRANGE", name, "90", "xxxxxxxx")
    assert not second.is_shared("/b") and len(nodes.origin.requests) == asked + 2
    assert second.metric(LOOKUPS % "refused") == 2
    server.command("DEL", "gatehouse:{cache}:places")
    server.command("SET", "gatehouse:{cache}:places", "no hash")
    assert not second.is_shared("/c")
    assert second.metric(LOOKUPS % "failed") >= 1


def test_answers_that_vary(nodes, redis):
    server = redis()
    first, second = nodes(fields=("Vary: X-V",))
    one = keep(first, server, "/number", "X-V: 1")
    two = keep(first, server, "/number", "X-V: 2")
    assert second.ask("/number", "X-V: 2").body == two
    assert second.ask("/number", "X-V: 1").body == one
    assert not second.is_shared("/number", "X-V: 3")


@pytest.mark.parametrize("share", ["token", "scopes", "domain"])
def test_nothing_crosses_a_class(nodes, redis, tmp_path, share):
    server = redis()
    signer = Signer("ES256", "key", tmp_path)
    use = {"authentication": {"keys": {"pem": str(signer.public), "algorithm": "ES256"}}}
    base = {"sub": "one", "exp": 4102444800, "scope": ["all.User"]}
    tokens = [signer.sign(base), signer.sign({**base, "sub": "two"}), signer.sign({**base, "scope": ["me.get"]})]
    first, second = nodes(cache={"share": share}, before=[use], settle=False)
    for node in (first, second):
        wait_until(lambda: node.purge("--tag", "nobody")["spread"] == "told", "it listens")
        before = node.metric(LOOKUPS % "none")
        wait_until(
            lambda: node.ask(f"/s/{time.monotonic_ns()}", f"Authorization: Bearer {tokens[0]}")
            and node.metric(LOOKUPS % "none") > before, "it asks the second tier")
    kept = keep(first, server, "/number", f"Authorization: Bearer {tokens[0]}")
    with_token = [f"Authorization: Bearer {token}" for token in tokens]
    assert not second.is_shared("/number", with_token[0], host="other.example")
    # Shared among: the same token; the same scopes; everybody of the domain.
    shared = {"token": [0], "scopes": [0, 1], "domain": [0, 1, 2]}[share]
    for index in sorted(range(3), key=lambda index: index in shared):
        body = second.ask("/number", with_token[index]).body
        assert (body == kept) == (index in shared), (share, index)


def test_the_rights_that_the_readme_names_are_enough(nodes, redis, tmp_path):
    server = redis()
    rights = (
        "&gatehouse:cache ~gatehouse:{cache}:* +subscribe +publish +eval +set +get +strlen +unlink +pttl +incr +hset +hmget "
        "+time +info +ping"
    )
    server.command("ACL", "SETUSER", "gatehouse", "on", ">word", *rights.split())
    (tmp_path / "word").write_text("word")
    store = {"user": "gatehouse", "password": {"file": str(tmp_path / "word")}}
    first, second = nodes(store=store)
    kept = keep(first, server, "/number")
    assert second.ask().body == kept and second.metric(LOOKUPS % "failed") <= 1
    first.purge("--tag", "numbers")
    wait_until(lambda: second.ask().body != kept, "it hears")
    assert rights in " ".join((ROOT / "Plugins/ResponseCaching/README.md").read_text().split())


def test_the_secret_is_in_no_log(nodes, redis):
    server = redis()
    nodes_ = nodes()
    keep(nodes_[0], server, "/number")
    server.kill()
    for node in nodes_:
        node.ask("/without")
        assert SECRET not in node.gateway.log()


def test_one_server_for_limits_and_answers_is_noted(tmp_path):
    file = tmp_path / "gatehouse.yaml"
    (tmp_path / "secret").write_text(SECRET)
    own = 'redis: { url: "redis://127.0.0.1:2" }, '
    for cache, limit, is_noted in [("", "redis", True), (own, "redis", False), ("", "memory", False)]:
        file.write_text(f"""version: 1
listeners: [{{ bind: "127.0.0.1:0" }}]
upstreams: {{ origin: {{ endpoints: ["http://127.0.0.1:1"] }} }}
domains: [{{ name: example.com, upstream: origin }}]
stores:
  redis: {{ url: "redis://127.0.0.1:1" }}
  cache: {{ {cache}spread: writes, second_tier: redis, second_tier_secret: {{ file: secret }} }}
defaults: {{ use: [{{ rate-limit: {{ rate: 1/s, store: {limit} }} }}, {{ cache: {{ ttl: 1s }} }}] }}
""")
        done = subprocess.run([executable(), "check", str(file)], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        assert ("note: " in done.stdout and "stores.cache.redis" in done.stdout) == is_noted, done.stdout


def test_what_it_needs(tmp_path):
    file = tmp_path / "gatehouse.yaml"
    file.write_text("""version: 1
listeners: [{ bind: "127.0.0.1:0" }]
upstreams: { origin: { endpoints: ["http://127.0.0.1:1"] } }
domains: [{ name: example.com, upstream: origin }]
stores:
  redis: { url: "redis://127.0.0.1:1" }
  cache: { second_tier: redis }
""")
    done = subprocess.run([executable(), "check", str(file)], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1 and "7:25" in done.stderr, done.stderr
    assert "spread: writes" in done.stderr and "second_tier_secret" in done.stderr
