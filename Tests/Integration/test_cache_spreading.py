"""What one gateway drops of its cache, others on the same Redis server drop, too; and what one may have missed."""

import json
import subprocess
import threading

import pytest
import requests

from harness import redis as redis_server
from harness.gateway import plain
from harness.origin import reply
from harness.process import PATIENCE, ROOT, executable, free_port, wait_until
from harness.wire import Client

pytestmark = redis_server.needed


@pytest.fixture
def redis(tmp_path):
    yield from redis_server.servers(tmp_path)


class Node:
    """A gateway of two loops that keeps what an origin says, every time another thing."""

    def __init__(self, gateways, origin_port: int, redis_port: int, spread: str, credentials: dict):
        # Patient, so that a busy machine cuts nobody off; a port that refuses does so at once all the same.
        store = {"url": f"redis://127.0.0.1:{redis_port}", "connect_timeout": "10s", "timeout": "10s", **credentials}
        cache = {"ttl": "1h", "share": "public", "tags": ["numbers"], "purges": ["numbers"]}
        port = free_port()
        self.admin = f"http://127.0.0.1:{port}"
        self.gateway = gateways(
            plain(origin_port, admin={"bind": f"127.0.0.1:{port}"},
                  stores={"redis": store, "cache": {"spread": spread}}, defaults={"use": [{"cache": cache}]}),
            event_loops=2)
        self.gateway.wait_for_port(port)

    def ask(self, target: str = "/number", method: str = "GET") -> bytes:
        with Client(self.gateway.port) as client:
            length = ["Content-Length: 0"] if method != "GET" else []
            client.request(f"{method} {target} HTTP/1.1", *length)
            answer = client.response()
            assert answer.status == 200, answer.body
            return answer.body

    def purge(self, *arguments: str) -> tuple[dict, str]:
        done = self.purge_in_words(*arguments, "--json")
        return json.loads(done.stdout)["answer"], done.stderr

    def purge_in_words(self, *arguments: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [executable(), "cache", "purge", *arguments, "--admin", self.admin], capture_output=True, text=True,
            timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done

    def metric(self, name: str) -> int:
        page = requests.get(f"{self.admin}/metrics", timeout=PATIENCE).text
        return next(int(line.split(" ")[1]) for line in page.splitlines() if line.startswith(f"{name} "))

    def listens(self) -> bool:
        return self.purge("--tag", "nobody")[0]["spread"] == "told"

    def settled(self) -> None:
        """What comes with the first connection is over."""
        wait_until(self.listens, "it listens")


@pytest.fixture
def nodes(gateways, origins, redis):
    def start(spread: str, count: int = 2, credentials: dict = {}) -> list[Node]:
        lock, number = threading.Lock(), 0

        def answer(request, peer):
            nonlocal number
            with lock:
                number += 1
                said = number
            peer.send(reply(str(said).encode()))

        origin = origins(answer)
        made = [Node(gateways, origin.port, redis.port, spread, credentials) for _ in range(count)]
        for node in made:
            node.settled()
        return made

    return start


def keep(node: Node, target: str = "/number") -> bytes:
    """Has an answer kept. It is just after it was sent, so another loop may not see it at once."""
    kept = node.ask(target)

    def is_kept() -> bool:
        nonlocal kept
        before, kept = kept, node.ask(target)
        return before == kept

    wait_until(is_kept, "it is kept")
    return kept


def test_purges_reach_all_gateways(nodes, redis):
    redis()
    nodes = nodes("purges", 3)
    for arguments in [["--tag", "numbers"], ["--prefix", "/"], ["--key", "/number"], ["--domain", "example.com"], ["--all"]]:
        kept = [keep(node) for node in nodes]
        others = [keep(node, "/other") for node in nodes]
        answer, _ = nodes[0].purge(*arguments)
        assert answer["entries"] == (1 if "--key" in arguments else 2) and answer["spread"] == "told"
        for node, old in zip(nodes, kept):
            wait_until(lambda: node.ask() != old, f"{arguments} reaches it")
        assert ([node.ask("/other") for node in nodes] == others) == ("--key" in arguments)
    assert all(node.metric("gatehouse_cache_spread_missed_total") == 1 for node in nodes), "at the start only"


def test_writes_reach_them_where_that_is_wanted(nodes, redis):
    redis()
    first, second = nodes("writes")
    kept = keep(second)
    first.ask("/elsewhere", method="POST")
    wait_until(lambda: second.ask() != kept, "the tag is worthless there, too")
    kept = keep(second, "/elsewhere")
    first.ask("/elsewhere/1", method="DELETE")
    wait_until(lambda: second.ask("/elsewhere") != kept, "so is the path")


def test_writes_stay_where_they_are_otherwise(nodes, redis):
    redis()
    first, second = nodes("purges")
    kept = keep(second)
    first.ask("/elsewhere", method="POST")
    # What comes after it has come.
    first.purge("--tag", "nobody")
    wait_until(lambda: second.metric("gatehouse_cache_spread_received_total") > 1, "it hears the next thing")
    assert second.ask() == kept


def test_who_was_cut_off_drops_what_may_be_stale(nodes, redis):
    server = redis()
    first, second = nodes("purges")
    kept = [keep(first), keep(second)]
    server.kill()
    wait_until(lambda: not first.listens(), "it notices")
    answer, said = first.purge("--tag", "numbers")
    assert answer["entries"] == 1 and answer["spread"] == "waiting" and "they are told when it does" in said
    assert first.ask() != kept[0], "its own it drops at once"
    # The other goes on with what it has.
    assert second.ask() == kept[1]
    redis()
    wait_until(lambda: second.ask() != kept[1], "it drops what may be stale")
    for node in [first, second]:
        wait_until(node.listens, "it listens again")
    kept = keep(second)
    first.purge("--tag", "numbers")
    wait_until(lambda: second.ask() != kept, "and hears again")


def test_what_the_server_refuses_is_told_later(nodes, redis):
    server = redis()
    first, second = nodes("purges")
    kept = keep(second)
    number = server.command("GET", "gatehouse:{cache}:count")
    server.command("DEL", "gatehouse:{cache}:count")
    server.command("LPUSH", "gatehouse:{cache}:count", "nonsense")
    # Also of the first that is refused, when nothing was known of it, nobody says that it was told.
    for _ in range(2):
        answer, said = first.purge("--tag", "numbers")
        assert answer["spread"] == "waiting" and "they are told when it does" in said
    table = first.purge_in_words("--tag", "numbers")
    assert "dropped" in table.stdout and "other gateways are told" not in table.stdout
    assert second.ask() == kept
    server.command("DEL", "gatehouse:{cache}:count")
    server.command("SET", "gatehouse:{cache}:count", number.strip())
    wait_until(lambda: second.ask() != kept, "the other hears it after all")
    wait_until(first.listens, "and all is well")
    assert "other gateways are told" in first.purge_in_words("--tag", "numbers").stdout


def test_who_asked_while_the_server_was_away_is_told(nodes, redis):
    """The connection for publishing is lost while the number of the last change is asked for."""
    server = redis()
    first, second = nodes("purges")
    for _ in range(5):
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    for node in [first, second]:
        wait_until(node.listens, "it listens again")
    kept = keep(second)
    first.purge("--tag", "numbers")
    wait_until(lambda: second.ask() != kept, "and hears")


def test_a_count_that_went_back_hides_nothing(nodes, redis):
    """A gateway that was cut off finds the number that it knows, which has come to mean something else."""
    server = redis()
    first, second = nodes("purges")
    number = int(server.command("GET", "gatehouse:{cache}:count"))
    for _ in range(3):
        first.purge("--tag", "nobody")
    wait_until(lambda: second.metric("gatehouse_cache_spread_received_total") > 2, "both have heard it")
    kept = keep(second)
    server.command("SET", "gatehouse:{cache}:count", str(number))
    before = server.command("CLIENT", "LIST", "TYPE", "pubsub")
    server.command("CLIENT", "KILL", "TYPE", "pubsub")
    wait_until(lambda: server.command("CLIENT", "LIST", "TYPE", "pubsub") != before, "they are back")
    wait_until(lambda: int(server.command("GET", "gatehouse:{cache}:count")) > number + 1000, "it begins anew")
    wait_until(lambda: second.ask() != kept, "everybody drops everything")


def test_what_was_not_told_is_said_at_the_end(nodes, redis):
    server = redis()
    first, _ = nodes("purges")
    server.kill()
    wait_until(lambda: not first.listens(), "it notices")
    first.purge("--tag", "numbers")
    first.gateway.stop()
    assert "ended before other gateways were told" in first.gateway.output.read_text() + first.gateway.errors.read_text()


def test_who_missed_nothing_drops_nothing(nodes, redis):
    server = redis()
    first, second = nodes("purges")
    kept = [keep(first), keep(second)]
    for _ in range(3):
        before = server.command("CLIENT", "LIST", "TYPE", "pubsub")
        server.command("CLIENT", "KILL", "TYPE", "pubsub")
        wait_until(
            lambda: len(set(server.command("CLIENT", "LIST", "TYPE", "pubsub").splitlines())) == 2
            and server.command("CLIENT", "LIST", "TYPE", "pubsub") != before, "they are back")
        for node in [first, second]:
            wait_until(node.listens, "it listens again")
    assert [first.ask(), second.ask()] == kept
    first.purge("--tag", "numbers")
    wait_until(lambda: second.ask() != kept[1], "and hears")


def test_the_rights_that_the_readme_names_are_enough(nodes, redis, tmp_path):
    server = redis()
    rights = "&gatehouse:cache ~gatehouse:{cache}:* +subscribe +publish +eval +set +get +incr +ping"
    server.command("ACL", "SETUSER", "gatehouse", "on", ">word", *rights.split())
    server.command("ACL", "SETUSER", "default", "off")
    (tmp_path / "word").write_text("word")
    first, second = nodes("writes", credentials={"user": "gatehouse", "password": {"file": str(tmp_path / "word")}})
    kept = keep(second)
    first.purge("--tag", "numbers")
    wait_until(lambda: second.ask() != kept, "it hears")
    assert rights in " ".join((ROOT / "Plugins/ResponseCaching/README.md").read_text().split())


def test_a_spread_needs_a_server(tmp_path):
    file = tmp_path / "gatehouse.yaml"
    file.write_text("""version: 1
listeners: [{ bind: "127.0.0.1:0" }]
upstreams: { origin: { endpoints: ["http://127.0.0.1:1"] } }
domains: [{ name: example.com, upstream: origin }]
stores:
  cache: { spread: purges }
""")
    done = subprocess.run([executable(), "check", str(file)], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1 and "6:20" in done.stderr and "needs a Redis server" in done.stderr, done.stderr
