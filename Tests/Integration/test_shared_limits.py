"""Gateways that share their limits on a real Redis server."""

import re
import subprocess

import pytest

from harness import redis as redis_server
from harness.gateway import plain
from harness.origin import reply
from harness.process import executable, free_port, wait_until
from harness.wire import Client

pytestmark = redis_server.needed


@pytest.fixture
def redis(tmp_path):
    yield from redis_server.servers(tmp_path)


def limited(redis_port: int, origin_port: int, **settings) -> dict:
    # Patient, so that a busy machine fails no test; a port that refuses does so at once all the same.
    store = {"url": f"redis://127.0.0.1:{redis_port}", "connect_timeout": "10s", "timeout": "10s"}
    limit = {"rate": "3/h", "key": ["domain"], "store": "redis", **settings}
    return plain(origin_port, stores={"redis": store}, defaults={"use": [{"rate-limit": limit}]})


def ask(gateway):
    with Client(gateway.port) as client:
        client.request("GET / HTTP/1.1")
        return client.response()


def test_gateways_admit_together_what_one_would(gateways, origins, redis):
    origin = origins(lambda request, connection: connection.send(reply(b"here")))
    redis()
    first, second = [gateways(limited(redis.port, origin.port), event_loops=2) for _ in range(2)]
    assert [ask(first).status, ask(second).status, ask(first).status] == [200, 200, 200]
    for gateway in [first, second]:
        refused = ask(gateway)
        assert refused.status == 429 and b'"reason":"rate_limited"' in refused.body
        assert refused.get("ratelimit").startswith('"default";r=0;t=')
        assert 0 < int(refused.get("retry-after")) <= 1200


@pytest.mark.parametrize("on_failure, status", [("open", 200), ("closed", 503)])
def test_a_server_that_dies_is_used_again_when_it_is_back(gateways, origins, redis, on_failure, status):
    origin = origins(lambda request, connection: connection.send(reply(b"here")))
    server = redis()
    gateway = gateways(limited(redis.port, origin.port, on_failure=on_failure))
    assert ask(gateway).get("ratelimit").startswith('"default";r=2;')
    server.kill()
    for _ in range(10):
        answer = ask(gateway)
        assert answer.status == status and answer.get("ratelimit") is None
    if status == 503:
        assert b'"reason":"rate_limit_store_unavailable"' in answer.body
    assert "shared store is not available" in gateway.log()
    redis()
    wait_until(lambda: (ask(gateway).get("ratelimit") or "").startswith('"default";r='), "the server is used again")


def check(folder, text: str) -> subprocess.CompletedProcess:
    file = folder / "gatehouse.yaml"
    file.write_text(text)
    return subprocess.run([executable(), "check", str(file)], capture_output=True, text=True, timeout=60)


MINIMAL = """version: 1
listeners: [{ bind: "127.0.0.1:0" }]
upstreams: { origin: { endpoints: ["http://127.0.0.1:1"] } }
domains: [{ name: example.com, upstream: origin }]
defaults:
  use:
    - rate-limit: { rate: 1/s, store: redis }
"""


def test_check_connects_nowhere(tmp_path):
    done = check(tmp_path, MINIMAL + f"stores: {{ redis: {{ url: redis://127.0.0.1:{free_port()} }} }}\n")
    assert done.returncode == 0, done.stderr


def test_a_limit_on_a_server_needs_a_server(tmp_path):
    done = check(tmp_path, MINIMAL)
    assert done.returncode != 0
    assert re.search(r"gatehouse\.yaml:7:\d+: .*store: redis needs a Redis server", done.stderr), done.stderr
