"""The command line as a person uses it: what goes to which stream, and the exit codes."""

import json
import shutil
import stat
import subprocess

import pytest

from harness.process import PATIENCE, ROOT, executable


def gatehouse(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [executable(), *arguments], env=environment, capture_output=True, text=True, timeout=PATIENCE)


def test_help_teaches_and_version_tells():
    done = gatehouse("--help")
    assert done.returncode == 0
    for command in ["run", "check", "demo", "tokens", "cache", "token-service", "version"]:
        assert command in done.stdout
    done = gatehouse("version")
    assert done.returncode == 0
    for plugin in ["authentication", "scopes", "rate-limit", "cache", "request-id", "access-log"]:
        assert plugin in done.stdout


def test_a_wrong_command_line_is_64():
    for arguments in ["run", "nonsense", "tokens list --page -1", "run x.yaml --event-loops 0", "demo --port 65536"]:
        done = gatehouse(*arguments.split())
        assert done.returncode == 64, arguments
        assert done.stdout == "" and "rror" in done.stderr
    # The usage shown is the command's own.
    assert "gatehouse run" in gatehouse("run").stderr


def test_a_configuration_that_is_not_there_is_1():
    done = gatehouse("run", "/nonexistent/gatehouse.yaml")
    assert done.returncode == 1
    assert "/nonexistent/gatehouse.yaml" in done.stderr


@pytest.mark.parametrize("shipped", ["config/gatehouse.yaml", "deploy/compose/gatehouse.yaml"])
def test_a_shipped_configuration_is_good(tmp_path, shipped):
    """Where an installation has it: beside the folder with the catalogues."""
    shutil.copy(ROOT / shipped, tmp_path / "gatehouse.yaml")
    shutil.copytree(ROOT / "config/catalogs", tmp_path / "catalogs")
    done = gatehouse("check", str(tmp_path / "gatehouse.yaml"))
    assert done.returncode == 0, done.stderr
    assert ": good (" in done.stdout


def test_an_address_that_is_taken_is_1(house, tmp_path):
    file = tmp_path / "taken.yaml"
    file.write_text(json.dumps({
        "version": 1, "listeners": [{"bind": f"127.0.0.1:{house.gateway.port}"}],
        "upstreams": {"origin": {"endpoints": ["http://127.0.0.1:1"]}},
        "domains": [{"name": "example.com", "upstream": "origin"}]}))
    for arguments in [("run", str(file)), ("token-service", "--bind", f"127.0.0.1:{house.gateway.port}")]:
        done = gatehouse(*arguments)
        assert done.returncode == 1
        assert f"cannot listen on 127.0.0.1:{house.gateway.port}" in done.stderr


def test_a_relative_path_means_the_folder_of_its_file(tmp_path):
    """Two domains that write the same name mean two files; neither takes the other's keys."""
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [key]}))
    use = [{"authentication": {"keys": {"jwks": "keys.json"}}}]
    (tmp_path / "gatehouse.yaml").write_text(json.dumps({
        "version": 1, "listeners": [{"bind": "127.0.0.1:0"}], "domains_dir": "domains.d",
        "upstreams": {"origin": {"endpoints": ["http://127.0.0.1:1"]}},
        "domains": [{"name": "a.example", "upstream": "origin", "use": use}]}))
    domains = tmp_path / "domains.d"
    domains.mkdir()
    (domains / "b.yaml").write_text(json.dumps({"name": "b.example", "upstream": "origin", "use": use}))
    done = gatehouse("check", str(tmp_path / "gatehouse.yaml"))
    assert done.returncode == 1 and f"{domains}/keys.json does not exist" in done.stderr
    shutil.copy(tmp_path / "keys.json", domains)
    done = gatehouse("check", str(tmp_path / "gatehouse.yaml"))
    assert done.returncode == 0, done.stderr


def test_keys_that_cannot_be_had_are_told(tmp_path):
    file = tmp_path / "keys.yaml"
    file.write_text(json.dumps({
        "version": 1, "listeners": [{"bind": "127.0.0.1:0"}],
        "upstreams": {"origin": {"endpoints": ["http://127.0.0.1:1"]}},
        "domains": [{
            "name": "example.com", "upstream": "origin",
            "use": [{"authentication": {"keys": {"jwks": "http://127.0.0.1:1/jwks.json"}}}]}]}))
    done = gatehouse("run", str(file))
    assert done.returncode == 1
    assert "Error: authentication has no keys: http://127.0.0.1:1/jwks.json: could not be fetched" in done.stderr


def test_tokens_through_the_gateway(house, tmp_path):
    secret = tmp_path / "new.token"
    environment = {"GATEHOUSE_API": house.gateway.url, "GATEHOUSE_TOKEN": house.tokens["tenant.example"]}

    def tokens(*arguments: str) -> str:
        done = gatehouse("tokens", *arguments, "--domain", "tenant.example", **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    made = json.loads(tokens(
        "create", "nightly", "--scope", "all.User.read", "--expires", "2099-01-01", "--secret-file", str(secret),
        "--json"))
    assert made["scope"] == ["all.User.read"] and "token" not in made
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert "nightly" in tokens("list", "--filter", "night*")
    assert "2099-01-01" in tokens("show", made["id"])
    assert "status: inactive" in tokens("update", made["id"], "--status", "inactive")

    # The service refuses the inactive token; the gateway, which asks nobody, passes that on.
    refused = gatehouse(
        "tokens", "list", "--domain", "tenant.example", "--token-file", str(secret), GATEHOUSE_API=house.gateway.url)
    assert refused.returncode == 1 and refused.stdout == "" and "401" in refused.stderr

    assert f"deleted {made['id']}" in tokens("delete", made["id"])
    gone = gatehouse("tokens", "show", made["id"], "--domain", "tenant.example", **environment)
    assert gone.returncode == 1 and "404" in gone.stderr


def test_tokens_tell_what_the_gateway_refused(house):
    environment = {"GATEHOUSE_API": house.gateway.url, "GATEHOUSE_TOKEN": house.tokens["example.com"]}
    unknown = gatehouse("tokens", "list", "--domain", "nobody.example", **environment)
    assert unknown.returncode == 1 and "404" in unknown.stderr
    nobody = gatehouse("tokens", "list", "--domain", "example.com", GATEHOUSE_API=house.gateway.url)
    assert nobody.returncode == 1 and "401" in nobody.stderr and "No access token was sent" in nobody.stderr


def test_mistakes_of_the_file_and_of_its_plugins_are_told_together(tmp_path):
    file = tmp_path / "gatehouse.yaml"
    file.write_text(
        "version: 1\n"
        "listeners: [{ bind: nowhere }]\n"
        "upstreams: { origin: { endpoints: ['http://127.0.0.1:1'], max_idl: 3 } }\n"
        "domains:\n"
        "  - name: example.com\n"
        "    upstream: orgin\n"
        "    use:\n"
        "      - cache: { ttl: 10s, share: everybody }\n"
        "      - scopes: { operations: losnat }\n"
        "      - rate-limits: { rate: 10/s }\n")
    result = subprocess.run([executable(), "check", str(file)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    for place in ["2:21", "3:59", "6:15", "8:35", "9:9", "10:9"]:
        assert f"{file}:{place}: error:" in result.stderr, result.stderr
    assert "6 mistakes in the configuration" in result.stderr
