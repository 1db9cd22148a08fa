"""Tokens that an operator revokes: refused by every loop from the next request on, by command and by call."""

import base64
import contextlib
import json
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from harness import house as houses
from harness.gateway import Gateway
from harness.process import PATIENCE, executable, free_port, wait_until
from harness.token_service import TokenService
from harness.wire import Client

DOMAIN = "example.com"
CONNECTIONS = 40


@dataclass
class Rig:
    """A gateway of two event loops with its admin side, in front of a token service."""

    gateway: Gateway
    admin: str
    service: TokenService
    token: str
    file: Path

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [executable(), "tokens", *arguments, "--admin", self.admin], env=environment, capture_output=True,
            text=True, timeout=PATIENCE)

    def made(self, name: str) -> str:
        """A further token of the user, through the gateway."""
        answer = requests.post(
            f"{self.gateway.url}/me/tokens", json={"name": name, "scope": ["all.User"]}, timeout=PATIENCE,
            headers={"Authorization": f"Bearer {self.token}", "losantdomain": DOMAIN})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert claims(made["token"])["jti"] == made["id"], "what the API lists is what is revoked"
        return made["token"]


def claims(token: str) -> dict:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def configuration(service: TokenService, admin: int, file: Path | None, **more) -> dict:
    whole = houses.configuration(service)
    kept = {"revocations": {"file": str(file)}} if file else {}
    return {**whole, "admin": {"bind": f"127.0.0.1:{admin}", **more}, **kept}


@pytest.fixture
def service(tmp_path):
    service = TokenService(tmp_path)
    service.token = service.seed("somebody", DOMAIN)
    service.start()
    yield service
    service.stop()


@pytest.fixture
def rig(service, gateways, tmp_path):
    port, file = free_port(), tmp_path / "revoked.jsonl"
    gateway = gateways(configuration(service, port, file), event_loops=2)
    gateway.wait_for_port(port)
    return Rig(gateway, f"http://127.0.0.1:{port}", service, service.token, file)


@contextlib.contextmanager
def clients(port: int):
    """Connections that stay, enough of them for every loop to have some."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Client(port)) for _ in range(CONNECTIONS)]


def ask(client: Client, token: str):
    client.request("GET /me/tokens HTTP/1.1", f"Authorization: Bearer {token}", f"losantdomain: {DOMAIN}")
    return client.response()


def ask_all(connections: list[Client], token: str) -> list[int]:
    for client in connections:
        client.request("GET /me/tokens HTTP/1.1", f"Authorization: Bearer {token}", f"losantdomain: {DOMAIN}")
    return [client.response().status for client in connections]


def test_by_id_at_the_next_request_of_every_loop(rig):
    victim, other = rig.made("victim"), rig.made("other")
    token_id = claims(victim)["jti"]
    with clients(rig.gateway.port) as connections:
        for _ in range(2):
            assert ask_all(connections, victim) == [200] * CONNECTIONS

            done = rig.run("revoke", token_id, "--issuer", DOMAIN, "--note", "leaked in a build log")
            assert done.returncode == 0 and f"revoked id {token_id} of {DOMAIN}" in done.stdout, done.stderr
            assert done.stderr == "", "it is kept, so there is nothing to warn of"
            assert ask_all(connections, victim) == [401] * CONNECTIONS
            assert ask_all(connections, other) == [200] * CONNECTIONS
            refused = ask(connections[0], victim)
            error = json.loads(refused.body)
            assert error["reason"] == "token_revoked" and error["message"] == "Invalid access token"
            assert 'error="invalid_token"' in refused.get("www-authenticate")
            listed = rig.run("revoked")
            assert token_id in listed.stdout and "leaked in a build log" in listed.stdout

            done = rig.run("restore", token_id, "--issuer", DOMAIN)
            assert done.returncode == 0 and f"restored id {token_id} of {DOMAIN}" in done.stdout, done.stderr
            assert token_id not in rig.run("revoked").stdout


def test_by_the_hash_of_the_access_log(rig):
    victim = rig.made("victim")
    subject = claims(victim)["sub"]
    with clients(rig.gateway.port) as connections:
        assert ask_all(connections, victim) == [200] * CONNECTIONS

        def lines() -> list[dict]:
            return [line for line in rig.gateway.access_log() if line["method"] == "GET"]

        wait_until(lambda: len(lines()) == CONNECTIONS, "the log has them")
        hashes = {line["token"] for line in lines()}
        assert len(hashes) == 1 and {line["subject"] for line in lines()} == {subject}
        [shown] = hashes
        done = rig.run("revoke", "--hash", shown, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["answer"]["hash"] == shown
        assert ask_all(connections, victim) == [401] * CONNECTIONS
        assert ask_all(connections, rig.token) == [200] * CONNECTIONS
        # Another spelling of the field is the same token.
        connections[0].request("GET /me/tokens HTTP/1.1", f"authorization: bEARER   {victim}", f"losantdomain: {DOMAIN}")
        assert connections[0].response().status == 401
        assert rig.run("restore", "--hash", shown).returncode == 0
        assert ask_all(connections, victim) == [200] * CONNECTIONS


def test_it_outlasts_the_gateway(rig, gateways, tmp_path):
    victim, restored = rig.made("victim"), rig.made("restored")
    for token in [victim, restored]:
        assert rig.run("revoke", claims(token)["jti"]).returncode == 0
    assert rig.run("restore", claims(restored)["jti"]).returncode == 0
    assert stat.S_IMODE(rig.file.stat().st_mode) == 0o600
    # Not even asked to end.
    rig.gateway.kill()
    rig.gateway.expected_code = -9
    with rig.file.open("a") as file:
        file.write('{"op":"revoke","id":"cut by a cra')
    port = free_port()
    again = gateways(configuration(rig.service, port, rig.file), event_loops=2)
    assert "was cut and is dropped" in again.log()
    with clients(again.port) as connections:
        assert ask_all(connections, victim) == [401] * CONNECTIONS
        assert ask_all(connections, restored) == [200] * CONNECTIONS

    # The file is that gateway's: another does not start, and a check does not mind.
    config = tmp_path / "second.yaml"
    config.write_text(json.dumps({
        "version": 1, "listeners": [{"bind": "127.0.0.1:0"}], **configuration(rig.service, free_port(), rig.file)}))
    second = subprocess.run([executable(), "run", str(config)], capture_output=True, text=True, timeout=PATIENCE)
    assert second.returncode == 1 and f"{rig.file} is another gateway's" in second.stderr
    check = subprocess.run([executable(), "check", str(config)], capture_output=True, text=True, timeout=PATIENCE)
    assert check.returncode == 0, check.stderr


def test_a_file_that_is_none_is_told_with_its_line(service, tmp_path):
    file = tmp_path / "revoked.jsonl"
    file.write_text('{"op":"revoke","id":"a","since":"2026-01-01T00:00:00Z"}\n{"op":"revoke","ident":"b"}\n')
    config = tmp_path / "gatehouse.yaml"
    config.write_text(json.dumps({
        "version": 1, "listeners": [{"bind": "127.0.0.1:0"}], **configuration(service, free_port(), file)}))
    for command in ["check", "run"]:
        done = subprocess.run([executable(), command, str(config)], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 1
        assert f"{file}:2:1: error: revocations.file: unknown member ident" in done.stderr


def test_without_a_file_that_is_said(service, gateways):
    port = free_port()
    gateway = gateways(configuration(service, port, None))
    gateway.wait_for_port(port)
    rig = Rig(gateway, f"http://127.0.0.1:{port}", service, service.token, Path())
    done = rig.run("revoke", "some-id")
    assert done.returncode == 0 and "until the gateway ends; name a file under revocations.file" in done.stderr
    assert "not kept beyond the end of the process" in rig.run("revoked").stderr


def test_wrong_inputs(rig):
    for arguments in [
            [], ["a", "--hash", "0123456789abcdef"], ["--hash", "0123456789abcdef", "--issuer", "x"],
            ["--hash", "123"], ["--hash", "0123456789abcdeg"],
            ["a", "--until", "soon"], ["a", "--admin", "nonsense"], ["a", "--timeout", "0"]]:
        done = rig.run("revoke", *arguments)
        assert done.returncode == 64 and done.stdout == "", arguments
    for arguments, said in [
            ([""], "`id` is empty"), (["a", "--note", "n" * 257], "longer than 256 bytes")]:
        done = rig.run("revoke", *arguments)
        assert done.returncode == 1 and said in done.stderr, done.stderr
    done = rig.run("restore", "never-revoked")
    assert done.returncode == 1 and "404 this is not revoked" in done.stderr
    assert "revoked:" not in rig.run("revoked", "--json").stdout
    assert json.loads(rig.run("revoked", "--json").stdout)["answer"]["count"] == 0


def test_all_gateways_are_told(rig):
    closed = f"http://127.0.0.1:{free_port()}"
    done = rig.run("revoke", "some-id", "--admin", closed)
    assert done.returncode == 1
    assert f"{rig.admin}: revoked id some-id" in done.stdout
    assert f"{closed}: no answer" in done.stderr and "admin.bind" in done.stderr
    # A listener is no admin side.
    done = subprocess.run(
        [executable(), "tokens", "revoke", "some-id", "--admin", rig.gateway.url], capture_output=True, text=True,
        timeout=PATIENCE)
    assert done.returncode == 1 and "and not a listener" in done.stderr


def test_the_admin_token(service, gateways, tmp_path):
    secret = tmp_path / "admin.token"
    secret.write_text("0123456789abcdef-admin\n")
    port = free_port()
    gateway = gateways(configuration(service, port, tmp_path / "revoked.jsonl", token={"file": str(secret)}))
    gateway.wait_for_port(port)
    rig = Rig(gateway, f"http://127.0.0.1:{port}", service, service.token, Path())
    done = rig.run("revoke", "some-id")
    assert done.returncode == 1 and "401" in done.stderr and "--admin-token-file" in done.stderr
    done = rig.run("revoke", "some-id", GATEHOUSE_ADMIN_TOKEN="wrong-0123456789abcdef")
    assert done.returncode == 1 and "not the one that `admin.token`" in done.stderr
    assert rig.run("revoke", "some-id", "--admin-token-file", str(secret)).returncode == 0
    listed = rig.run("revoked", GATEHOUSE_ADMIN_TOKEN=secret.read_text())
    assert listed.returncode == 0 and "some-id" in listed.stdout
    assert "0123456789abcdef-admin" not in gateway.log()
    # Health and metrics stay as they are.
    assert requests.get(f"{rig.admin}/livez", timeout=PATIENCE).status_code == 200
    assert requests.get(f"{rig.admin}/metrics", timeout=PATIENCE).status_code == 200


def test_no_page_of_another_site_can_revoke(rig):
    url = f"{rig.admin}/tokens/revocations"
    form = requests.post(url, data='{"id":"a"}', headers={"Content-Type": "text/plain"}, timeout=PATIENCE)
    assert form.status_code == 415
    rebound = requests.post(url, json={"id": "a"}, headers={"Host": "evil.example"}, timeout=PATIENCE)
    assert rebound.status_code == 403 and rebound.json()["reason"] == "host_refused"
    assert requests.get(url, timeout=PATIENCE).json()["count"] == 0


def test_no_request_in_flight_gets_through_after_the_answer(rig):
    """Requests go on all the while; each that begins after the call's answer is refused."""
    victim = rig.made("victim")
    with clients(rig.gateway.port) as connections:
        for round_number in range(5):
            token = rig.made(f"round {round_number}")
            assert ask_all(connections, token) == [200] * CONNECTIONS
            for client in connections[: CONNECTIONS // 2]:
                client.request("GET /me/tokens HTTP/1.1", f"Authorization: Bearer {token}", f"losantdomain: {DOMAIN}")
            answer = requests.post(
                f"{rig.admin}/tokens/revocations", json={"id": claims(token)["jti"]}, timeout=PATIENCE)
            assert answer.status_code == 201 and answer.json()["kept"] is True
            assert ask_all(connections[CONNECTIONS // 2:], token) == [401] * (CONNECTIONS // 2)
            for client in connections[: CONNECTIONS // 2]:
                assert client.response().status in (200, 401)
            assert ask_all(connections, token) == [401] * CONNECTIONS
        assert ask_all(connections, victim) == [200] * CONNECTIONS
