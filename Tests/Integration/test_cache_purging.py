"""What the cache keeps goes when a write or an operator says so: on every loop, and also what is on its way."""

import contextlib
import json
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from harness import house as houses
from harness.gateway import plain
from harness.origin import reply
from harness.process import PATIENCE, executable, free_port, wait_until
from harness.signer import Signer
from harness.token_service import CATALOG, TokenService
from harness.wire import Client

DOMAIN = "cached.example"
CONNECTIONS = 12


@contextlib.contextmanager
def clients(port: int, count: int = CONNECTIONS):
    """Connections that stay, enough of them for every loop to have some."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Client(port)) for _ in range(count)]


def ask(client: Client, target: str, *fields: str, method: str = "GET", domain: str = "example.com", body: bytes = b""):
    length = [f"Content-Length: {len(body)}"] if method != "GET" else []
    client.request(f"{method} {target} HTTP/1.1", *fields, *length, host=domain)
    if body:
        client.send(body)
    return client.response()


# MARK: writes


@pytest.fixture
def tokens(gateways, tmp_path):
    """A token service behind a gateway of three loops that keeps lists of tokens for an hour."""
    service = TokenService(tmp_path, issuer=DOMAIN)
    token = service.seed("somebody", DOMAIN)
    service.start()
    yield gateways(houses.configuration(service), event_loops=3), f"Authorization: Bearer {token}"
    service.stop()


def test_who_writes_then_reads_what_was_written(tokens):
    gateway, bearer = tokens

    def names(client: Client) -> list[str]:
        answer = ask(client, "/me/tokens?perPage=100", bearer, domain=DOMAIN)
        assert answer.status == 200, answer.body
        return sorted(item["name"] for item in json.loads(answer.body)["items"])

    def hit() -> str:
        return ask(connections[0], "/me/tokens?perPage=100", bearer, domain=DOMAIN).get("cache-status")

    with clients(gateway.port) as connections, ThreadPoolExecutor(CONNECTIONS) as pool:
        first = names(connections[0])
        assert list(pool.map(names, connections)) == [first] * CONNECTIONS
        wait_until(lambda: "hit" in hit(), "it is kept")
        made = {}
        for number in range(15):
            writer = connections[number % CONNECTIONS]
            readers = [pool.submit(names, client) for client in connections if client is not writer]
            body = json.dumps({"name": f"number {number}", "scope": ["all.User"]}).encode()
            answer = ask(
                writer, "/me/tokens", bearer, "Content-Type: application/json", method="POST", domain=DOMAIN, body=body)
            assert answer.status == 201, answer.body
            made[f"number {number}"] = json.loads(answer.body)["id"]
            # Those that were on their way while it was made may say either.
            for reader in readers:
                reader.result()
            expected = sorted([*first, *made])
            assert list(pool.map(names, connections)) == [expected] * CONNECTIONS, number
        for number, (name, identifier) in enumerate(made.items()):
            answer = ask(
                connections[number % CONNECTIONS], f"/me/tokens/{identifier}", bearer, method="DELETE", domain=DOMAIN)
            assert answer.status == 200, answer.body
            assert all(name not in found for found in pool.map(names, connections))


@pytest.fixture
def signer(tmp_path):
    return Signer("ES256", "key", tmp_path)


def catalogued(signer: Signer, origin: int, **more) -> dict:
    """A domain whose operations have the tags of the catalogue, and a report of its own that depends on tokens."""
    cache = {"ttl": "1h", "share": "domain", "tag_fields": ["surrogate-key", "cache-tag"]}
    domains = [
        {"name": name, "upstream": "origin",
         "use": [{"authentication": {"keys": {"pem": str(signer.public), "algorithm": "ES256"}}},
                 {"scopes": {"operations": "losant", "unlisted": "allow"}}, {"cache": cache}],
         # Other settings than those of the writes, so another filter.
         "routes": [{"match": {"path": "/report"}, "use": [{"cache": {**cache, "tags": ["user-tokens"]}}]}]}
        for name in ["example.com", "other.example"]]
    return {
        "upstreams": {"origin": {"endpoints": [f"http://127.0.0.1:{origin}"]}}, "catalogs": {"losant": CATALOG},
        "domains": domains, **more}


def counting():
    """An origin whose every answer is another one, with tags that the client asks for."""
    lock, count = threading.Lock(), 0

    def answer(request, peer):
        nonlocal count
        with lock:
            count += 1
            number = count
        tags = request.head.get("x-tags")
        peer.send(reply(str(number).encode(), "200 OK", *([tags.replace("=", ": ", 1)] if tags else [])))

    return answer


def test_a_write_purges_the_tags_of_its_operation(signer, origins, gateways):
    origin = origins(counting())
    gateway = gateways(catalogued(signer, origin.port), event_loops=2)
    bearer = "Authorization: Bearer " + signer.sign({"sub": "u", "scope": ["all.User"], "exp": 4102444800})
    with clients(gateway.port, 6) as connections:
        def reports(domain: str = "example.com") -> set[bytes]:
            return {ask(client, "/report", bearer, domain=domain).body for client in connections}

        def kept_reports(domain: str = "example.com") -> set[bytes]:
            """What is kept is so just after it was sent, so another loop may not see it at once."""
            wait_until(lambda: len(reports(domain)) == 1, "it is kept")
            return reports(domain)

        others = kept_reports("other.example")
        for method, target in [
                ("POST", "/me/tokens"), ("PATCH", "/me/tokens/abc"), ("DELETE", "/me/tokens/abc")]:
            kept = kept_reports()
            assert ask(connections[1], target, bearer, method=method).status == 200
            assert reports() != kept, method
        kept = kept_reports()
        # Of another tag, of another domain, and a refusal.
        assert ask(connections[0], "/applications/a/tokens", bearer, method="POST").status == 200
        assert ask(connections[0], "/me/tokens", bearer, method="POST", domain="other.example").status == 200
        assert ask(connections[0], "/me/tokens", method="POST").status == 401
        assert reports() == kept and reports("other.example") != others


def test_a_read_that_began_before_the_write_is_not_kept(signer, origins, gateways):
    release, counted = threading.Event(), counting()

    def answer(request, peer):
        if request.head.get("x-slow"):
            assert release.wait(PATIENCE)
        counted(request, peer)

    origin = origins(answer)
    gateway = gateways(catalogued(signer, origin.port), event_loops=2)
    bearer = "Authorization: Bearer " + signer.sign({"sub": "u", "scope": ["all.User"], "exp": 4102444800})
    with clients(gateway.port, 4) as (slow, writer, *readers):
        slow.request("GET /report HTTP/1.1", bearer, "X-Slow: yes")
        wait_until(lambda: origin.requests, "the origin has it")
        assert ask(writer, "/me/tokens", bearer, method="POST").status == 200
        release.set()
        old = slow.response()
        assert old.status == 200
        assert old.body not in {ask(reader, "/report", bearer).body for reader in readers}


# MARK: operators


class Rig:
    def __init__(self, gateways, origins, host: str = "127.0.0.1", **more):
        self.origin = origins(counting())
        self.port = free_port()
        cache = {"ttl": "1h", "share": "public", "tag_fields": ["surrogate-key"]}
        whole = plain(self.origin.port, admin={"bind": f"{host}:{self.port}", **more})
        whole["domains"] = [
            {"name": name, "hosts": [f"www.{name}"], "upstream": "origin", "use": [{"cache": cache}]}
            for name in ["example.com", "other.example"]]
        self.gateway = gateways(whole, event_loops=2)
        self.gateway.wait_for_port(self.port)
        self.admin = f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [executable(), "cache", *arguments, "--admin", self.admin], env=environment, capture_output=True,
            text=True, timeout=PATIENCE)

    def purge(self, *arguments: str) -> dict:
        done = self.run("purge", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["answer"]

    def ask(self, target: str, *fields: str, domain: str = "example.com"):
        with Client(self.gateway.port) as client:
            return ask(client, target, *fields, domain=domain)


@pytest.fixture
def rig(gateways, origins):
    return Rig(gateways, origins)


def test_operators_purge_what_they_name(rig):
    targets = ["/a", "/a?x=1", "/a/b", "/ab", "/tagged"]

    def fill() -> dict:
        found = {}
        for domain in ["example.com", "other.example"]:
            for target in targets:
                tags = ["X-Tags: Surrogate-Key=one two"] if target == "/tagged" else []
                found[domain, target] = rig.ask(target, *tags, domain=domain).body
        return found

    def gone(before: dict) -> list:
        after = fill()
        return [name for name in before if before[name] != after[name]]

    both = ["example.com", "other.example"]
    for arguments, expected in [
            (["--key", "http://gateway/a"], None), (["--tag", "three"], None),
            (["--key", "/a"], [(domain, "/a") for domain in both]),
            (["--key", "/a?x=1", "--domain", "example.com"], [("example.com", "/a?x=1")]),
            (["--prefix", "/a", "--domain", "WWW.other.example"],
             [("other.example", target) for target in ["/a", "/a?x=1", "/a/b"]]),
            (["--tag", "two", "--domain", "example.com"], [("example.com", "/tagged")]),
            (["--tag", "one"], [(domain, "/tagged") for domain in both]),
            (["--domain", "example.com"], [("example.com", target) for target in targets]),
            (["--all"], [(domain, target) for domain in both for target in targets])]:
        before = fill()

        def is_kept() -> bool:
            nonlocal before
            last, before = before, fill()
            return last == before

        wait_until(is_kept, "everything is kept")
        answer = rig.purge(*arguments)
        assert answer["entries"] == len(expected or []), arguments
        assert (answer["bytes"] > 0) == bool(expected) and answer["spread"] == "off"
        assert gone(before) == (expected or []), arguments
    rig.purge("--all")
    assert "cache purged" in rig.gateway.log()
    done = rig.run("purge", "--all")
    assert done.stdout == f"{rig.admin}: dropped 0 answers, 0 B\n"


def test_what_was_on_its_way_is_not_kept_after_a_purge(rig):
    release = threading.Event()
    counted = rig.origin.answer

    def answer(request, peer):
        if request.head.get("x-slow"):
            assert release.wait(PATIENCE)
        counted(request, peer)

    rig.origin.answer = answer
    with Client(rig.gateway.port) as slow:
        slow.request("GET /a HTTP/1.1", "X-Slow: yes")
        wait_until(lambda: rig.origin.requests, "the origin has it")
        assert rig.purge("--prefix", "/a")["entries"] == 0
        release.set()
        old = slow.response().body
    assert rig.ask("/a").body != old
    wait_until(lambda: rig.ask("/a").head.get("cache-status").startswith("gatehouse; hit"), "what came later is kept")


def test_inspect(rig):
    done = rig.run("inspect")
    assert done.returncode == 0 and "0 entries" in done.stdout, done.stderr

    def entries() -> int:
        return json.loads(rig.run("inspect", "--json").stdout)["answer"]["entries"]

    for count, target in enumerate(["/a", "/b"], 1):
        rig.ask(target)
        wait_until(lambda: entries() == count, "it is kept")
    for _ in range(2):
        rig.ask("/a")
    rig.ask("/a", domain="other.example")
    wait_until(lambda: entries() == 3, "it is kept")
    report = json.loads(rig.run("inspect", "--json").stdout)["answer"]
    assert report["entries"] == 3 and 0 < report["used"] < report["budget"]
    first, second = report["domains"]
    assert (first["domain"], first["entries"], first["hits"], first["misses"]) == ("example.com", 2, 2, 2)
    assert (second["domain"], second["entries"], second["hits"], second["misses"]) == ("other.example", 1, 0, 1)
    assert sum(first["ages"]) == 2 and len(first["ages"]) == len(report["ages"]) + 1
    table = rig.run("inspect").stdout
    assert "HIT RATE" in table and "50.0%" in table and "<=1m" in table
    assert "other.example" not in rig.run("inspect", "--domain", "example.com").stdout
    [only] = requests.get(f"{rig.admin}/cache?domain=other.example", timeout=PATIENCE).json()["domains"]
    assert (only["domain"], only["entries"]) == ("other.example", 1)
    unknown = rig.run("inspect", "--domain", "exampel.com")
    assert unknown.returncode == 1 and "did you mean example.com?" in unknown.stderr, unknown.stderr


def test_what_came_of_requests(gateways, origins):
    """Each is a hit, a stale hit, a validation or a miss, and nothing else."""

    def answer(request, peer):
        if request.target == "/stale" and request is not origin.requests[1]:
            return peer.send(reply(b"no", "503 So"))
        if request.head.get("if-none-match"):
            return peer.send(b"HTTP/1.1 304 Not Modified\r\n\r\n")
        age = 0 if request.target == "/stale" else 600
        peer.send(reply(b"hello", "200 OK", f"Cache-Control: max-age={age}, stale-if-error=600", 'ETag: "1"'))

    origin = origins(answer)
    port = free_port()
    cache = {"respect": "origin", "share": "public"}
    gateway = gateways(plain(
        origin.port, admin={"bind": f"127.0.0.1:{port}"}, defaults={"use": [{"cache": cache}]}))
    gateway.wait_for_port(port)

    def shown() -> list[str]:
        done = subprocess.run(
            [executable(), "cache", "inspect", "--admin", f"http://127.0.0.1:{port}"], capture_output=True, text=True,
            timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        names, *rows = [line.split() for line in done.stdout.splitlines()[1:]]
        assert names[-6:] == ["HITS", "STALE", "VALID", "MISSES", "HIT", "RATE"], names
        return rows[0][-5:]

    with Client(gateway.port) as client:
        for target, fields, status, expected in [
                ("/a", [], 200, "0 0 0 1 0.0%"), ("/stale", [], 200, "0 0 0 2 0.0%"),
                ("/stale", [], 200, "0 1 0 2 33.3%"), ("/a", [], 200, "1 1 0 2 50.0%"),
                ("/a", ["Cache-Control: no-cache"], 200, "1 1 1 2 40.0%"),
                ("/a", ["Cache-Control: only-if-cached"], 200, "2 1 1 2 50.0%"),
                ("/b", ["Cache-Control: only-if-cached"], 504, "2 1 1 3 42.9%"),
                ("/a", ["Cookie: a=b"], 200, "2 1 1 3 42.9%")]:
            assert ask(client, target, *fields).status == status
            assert shown() == expected.split(), (target, fields)
    shown_help = subprocess.run([executable(), "cache", "inspect", "--help"], capture_output=True, text=True, timeout=PATIENCE)
    for column in ["HITS:", "STALE:", "VALID:", "MISSES:", "HIT RATE"]:
        assert column in shown_help.stdout


def test_wrong_inputs_are_told_what_would_be_right(rig):
    for arguments, said in [
            ([], "name what to drop"), (["--all", "--tag", "a"], "one thing"), (["--prefix", "a"], "such as /me/tokens"),
            (["--all", "--domain", "example.com"], "all domains")]:
        done = rig.run("purge", *arguments)
        assert done.returncode == 64 and said in done.stderr, done.stderr
    for arguments, said in [
            (["--key", "nonsense"], "as clients ask for it"), (["--tag", "a b"], "without blanks and commas"),
            (["--domain", "exampel.com"], "did you mean example.com?"), (["--prefix", "/a?b"], "without a query")]:
        done = rig.run("purge", *arguments)
        assert done.returncode == 1 and said in done.stderr and "listener" not in done.stderr, done.stderr
    shown = subprocess.run([executable(), "cache", "purge", "--help"], capture_output=True, text=True, timeout=PATIENCE)
    assert "--prefix /applications" in shown.stdout and "Exit status" in shown.stdout
    elsewhere = subprocess.run(
        [executable(), "cache", "purge", "--all", "--admin", rig.gateway.url], capture_output=True, text=True,
        timeout=PATIENCE)
    assert elsewhere.returncode == 1 and "and not a listener" in elsewhere.stderr


def test_only_operators_may(rig, gateways, origins, tmp_path):
    url = f"{rig.admin}/cache/purges"
    assert requests.post(url, data='{"all":"true"}', timeout=PATIENCE).status_code == 415
    rebound = requests.post(url, json={"all": "true"}, headers={"Host": "evil.example"}, timeout=PATIENCE)
    assert rebound.status_code == 403 and rebound.json()["reason"] == "host_refused"
    assert requests.get(f"{rig.admin}/cache", headers={"Host": "evil.example"}, timeout=PATIENCE).status_code == 403
    secret = tmp_path / "admin.token"
    secret.write_text("0123456789abcdef-admin\n")
    guarded = Rig(gateways, origins, token={"file": str(secret)})
    for command in [["purge", "--all"], ["inspect"]]:
        done = guarded.run(*command)
        assert done.returncode == 1 and "401" in done.stderr and "--admin-token-file" in done.stderr
        assert guarded.run(*command, "--admin-token-file", str(secret)).returncode == 0
    # Whoever reaches another address than the machine's own has to show a token, whatever they say that they are.
    open_to_all = Rig(gateways, origins, host="0.0.0.0")
    for command in [["purge", "--all"], ["inspect"]]:
        done = open_to_all.run(*command)
        assert done.returncode == 1 and "403" in done.stderr and "configure admin.token" in done.stderr, done.stderr
    kept = open_to_all.ask("/a").body
    assert requests.post(f"{open_to_all.admin}/cache/purges", json={"all": "true"}, timeout=PATIENCE).json()[
        "reason"] == "admin_token_missing"
    assert open_to_all.ask("/a").body == kept
