"""Rate limits as clients meet them: several rules, kinds, plans, costs, on two event loops."""

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.gateway import plain
from harness.origin import reply
from harness.process import executable, wait_until
from harness.signer import Signer
from harness.wire import Client


@pytest.fixture
def origin(origins):
    """Answers 200; with what X-Wanted asks for where a request has it."""
    def answer(request, connection):
        wanted = request.head.get("x-wanted")
        connection.send(wanted.replace("|", "\r\n").encode() + b"\r\n\r\n" if wanted else reply(b"here"))
    return origins(answer)


def limited(origin, *rules: dict, **more) -> dict:
    return plain(origin.port, defaults={"use": [{"rate-limit": {"limits": list(rules)}}]}, **more)


def ask(gateway, *fields: str, line: str = "GET / HTTP/1.1", host: str = "example.com"):
    with Client(gateway.port) as client:
        client.request(line, *fields, host=host)
        return client.response()


def passing(gateway, count: int, *fields: str, host: str = "example.com") -> int:
    answers = [ask(gateway, *fields, host=host) for _ in range(count)]
    assert {answer.status for answer in answers} <= {200, 429}
    return sum(answer.status == 200 for answer in answers)


def test_all_rules_must_pass_and_the_tightest_is_told(gateways, origin):
    gateway = gateways(limited(
        origin, {"name": "minute", "rate": "5/m"}, {"name": "day", "quota": "3/day", "time_zone": "Europe/Berlin"},
        {"name": "secret", "rate": "1000/s", "headers": False}), event_loops=2)
    first = ask(gateway)
    assert first.get("ratelimit-policy") == '"minute";q=5;w=60, "day";q=3;w=86400'
    assert first.get("ratelimit").startswith('"day";r=2;t=')
    assert passing(gateway, 4) == 2
    refused = ask(gateway)
    assert refused.status == 429 and b'"reason":"rate_limited"' in refused.body
    assert refused.get("ratelimit").startswith('"day";r=0;t=') and int(refused.get("retry-after")) >= 1
    assert refused.get("x-ratelimit-limit") is None


def test_the_floor_and_a_domain_are_one_step(gateways, origin):
    configuration = limited(origin, {"name": "own", "rate": "1/h", "legacy_headers": True})
    configuration["floor"] = {"use": [{"rate-limit": {"name": "floor", "key": "domain", "rate": "3/h"}}]}
    configuration["domains"].append(
        {"name": "other.example", "upstream": "origin", "use": [{"rate-limit": {"name": "own", "rate": "100/h"}}]})
    gateway = gateways(configuration, event_loops=2)
    assert passing(gateway, 20) == 1
    # Nineteen refusals by the domain's own rule took nothing of the floor's three.
    assert ask(gateway).get("ratelimit-policy") == '"floor";q=3;w=3600, "own";q=1;w=3600'
    # The domain that allows itself more gets no more than the floor does.
    assert passing(gateway, 20, host="other.example") == 3
    told = ask(gateway)
    assert told.get("x-ratelimit-limit") == "1" and told.get("x-ratelimit-remaining") == "0"


def test_exactly_the_burst_however_many_ask_at_once(gateways, origin):
    gateway = gateways(limited(
        origin, {"name": "burst", "rate": "50/h"}, {"name": "span", "rate": "60/h", "algorithm": "sliding_window"}),
        event_loops=2)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(gateway).status, range(200)))
    assert sorted(answers) == [200] * 50 + [429] * 150


def test_exchanges_at_a_time_come_back(gateways, origins):
    going = threading.Event()

    def slow(request, connection):
        if request.head.get("x-slow"):
            going.wait(30)
        connection.send(reply(b"here"))
    origin = origins(slow)
    gateway = gateways(limited(origin, {"name": "busy", "concurrent": 2}), event_loops=2)
    with Client(gateway.port) as one, Client(gateway.port) as two:
        for client in (one, two):
            client.request("GET / HTTP/1.1", "X-Slow: 1")
        wait_until(lambda: len(origin.requests) == 2, "both are on their way")
        assert ask(gateway).get("ratelimit-policy") == '"busy";q=2;qu="concurrent-requests"'
        # One client leaves, and the other gets its answer.
        two.close()
        wait_until(lambda: ask(gateway).status == 200, "the place of the client that left is free")
        going.set()
        assert one.response().status == 200
    assert passing(gateway, 5) == 5


def test_plans_come_from_the_token(gateways, origin, tmp_path):
    signer = Signer("ES256", "key", tmp_path)
    configuration = plain(origin.port, defaults={"use": [
        {"authentication": {"keys": {"pem": str(signer.public), "algorithm": "ES256"}, "keep_claims": "plan"}},
        {"rate-limit": {
            "key": ["domain", "subject"],
            "plans": {"free": {"rate": "1/h"}, "gold": {"rate": "4/h"}, "staff": "unlimited"},
            "plan": {"claim": "plan", "default": "free"},
            "overrides": {"tokens": {"special": {"rate": "2/h"}}}}}]})
    gateway = gateways(configuration)

    def token(subject: str, **claims) -> str:
        return f"Authorization: Bearer {signer.sign({'sub': subject, 'exp': 4102444800, **claims})}"
    assert passing(gateway, 6, token("a")) == 1
    assert passing(gateway, 6, token("b", plan="gold")) == 4
    assert passing(gateway, 6, token("c", plan="staff")) == 6
    assert passing(gateway, 6, token("d", plan="made-up")) == 1
    assert passing(gateway, 6, token("e", plan="gold", jti="special")) == 2


def test_the_origin_says_what_it_was_worth(gateways, origin):
    gateway = gateways(limited(
        origin, {"name": "units", "rate": "100/h", "cost": {"field": "X-Cost", "most": 50}, "refund": ["5xx"]}))

    def left() -> int:
        return int(ask(gateway).get("ratelimit").split(";r=")[1].split(";")[0])
    assert left() == 99
    dear = ask(gateway, "X-Wanted: HTTP/1.1 200 OK|X-Cost: 30|Content-Length: 0")
    assert dear.status == 200 and dear.get("x-cost") is None
    assert left() == 68
    assert ask(gateway, "X-Wanted: HTTP/1.1 200 OK|X-Cost: 900000|Content-Length: 0").status == 200
    assert left() == 17
    for _ in range(5):
        assert ask(gateway, "X-Wanted: HTTP/1.1 503 No|Content-Length: 0").status == 503
    assert left() == 16


def test_waits_rather_than_refusing(gateways, origin):
    gateway = gateways(limited(
        origin, {"name": "paced", "rate": "10/s", "burst": 1, "delay": {"most": "20s", "waiting": 50}}))
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: ask(gateway).status, range(8))) == [200] * 8
    # Seven had to wait, the last for the time of seven units.
    assert time.monotonic() - began >= 0.69


def test_a_rule_in_shadow_counts_and_lets_pass(gateways, origin):
    gateway = gateways(plain(origin.port, defaults={"use": [
        "access-log", {"rate-limit": {"name": "planned", "rate": "1/h", "mode": "shadow"}}]}))
    assert passing(gateway, 3) == 3
    wait_until(lambda: len(gateway.access_log()) == 3, "all are logged")
    assert sorted(str(line["shadow"]) for line in gateway.access_log()) == ["None", "rate_limited", "rate_limited"]


@pytest.mark.parametrize("rule, line, message", [
    ("{ rate: 1/s, concurrent: 2 }", 6, "stands beside `rate`"),
    ("{ key: [domain, ip], rate: 1/s }", 6, "`ip` is no part of a key"),
    ("{ quota: 5/day, time_zone: Mars }", 6, "`Mars` is no time zone"),
    ("{ quota: many }", 6, "`many` is no quota"),
    ("{ limits: [{ rate: 1/s }, { rate: 2/s }] }", 6, "two rules are called `default`"),
    ("{ plans: { a: { rate: 1/s } }, plan: { default: b } }", 6, "there is no plan `b`"),
    ("{ rate: 1/s, lease: { batch: 5 } }", 6, "has no meaning with store: memory"),
    ("{ quota: 5/day, delay: { most: 1s } }", 6, "goes with `rate`"),
])
def test_mistakes_are_told_with_their_place(tmp_path, rule, line, message):
    file = tmp_path / "gatehouse.yaml"
    file.write_text(
        'version: 1\nlisteners: [{ bind: "127.0.0.1:0" }]\nupstreams: { origin: { endpoints: ["http://127.0.0.1:1"] } }\n'
        f"defaults:\n  use:\n    - rate-limit: {rule}\ndomains: [{{ name: example.com, upstream: origin }}]\n")
    done = subprocess.run([executable(), "check", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"gatehouse.yaml:{line}:" in done.stderr and message in done.stderr, done.stderr
