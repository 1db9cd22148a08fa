"""`gatehouse cache canary`: the shipped configurations keep callers apart, and one that does not is caught."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.process import PATIENCE, ROOT, Process, executable, wait_until
from harness.token_service import CATALOG

KEYS = {"keys": {"jwks": "https://id.example/jwks.json"}, "issuer": "id.example"}


def canary(file: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [executable(), "cache", "canary", str(file), *arguments], capture_output=True, text=True, timeout=4 * PATIENCE)


def written(folder: Path, *routes: dict, use: list = (), authentication: dict | None = None, **more) -> Path:
    """A configuration of two domains, the second of which has no routes of its own."""
    file = folder / "gatehouse.yaml"
    judged = [{"authentication": authentication or KEYS}, {"scopes": {"operations": "losant"}}]
    file.write_text(json.dumps({
        "version": 1, "listeners": [{"bind": "127.0.0.1:0"}], "catalogs": {"losant": CATALOG},
        "upstreams": {"origin": {"endpoints": ["https://api.example.com"]}}, "floor": {"use": judged},
        "domains": [{"name": "example.com", "upstream": "origin", "use": list(use), "routes": list(routes)},
                    {"name": "other.example", "upstream": "origin", "use": list(use)}], **more}))
    return file


def cached(share: str, path: str = "/me/tokens", **more) -> dict:
    return {"match": {"path": path}, "use": [{"cache": {"ttl": "1h", "share": share, **more}}]}


@pytest.mark.parametrize("shipped", ["config/gatehouse.yaml", "deploy/compose/gatehouse.yaml"])
def test_a_shipped_configuration_keeps_callers_apart(tmp_path, shipped):
    """Where an installation has it: beside the folder with the catalogues."""
    shutil.copy(ROOT / shipped, tmp_path / "gatehouse.yaml")
    shutil.copytree(ROOT / "config/catalogs", tmp_path / "catalogs")
    done = canary(tmp_path / "gatehouse.yaml", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout)
    assert results and all(result["verdict"] == "ok" and result["hits"] > 0 for result in results)


def test_so_does_the_demo(tmp_path):
    demo = Process([executable(), "demo", "--port", "0", "--admin-port", "0"], tmp_path, "demo", cwd=ROOT)
    try:
        wait_until(lambda: not demo.is_running or "Ctrl-C" in demo.output.read_text(), "what the demo prints")
        file = re.search(r"Its configuration: (\S+)", demo.output.read_text())[1]
        done = canary(Path(file), "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(json.loads(done.stdout)) == 10, "operations that stand for a whole domain"
    finally:
        demo.stop()


def test_a_leak_is_caught(tmp_path):
    """The origin answers by token, and the route says that everybody may have its answers."""
    file = written(tmp_path, cached("public"), cached("token", "/me"))
    done = canary(file)
    assert done.returncode == 1
    assert "the second caller got the answer that was made for the first caller" in done.stderr, done.stderr
    assert "LEAK: example.com GET /me/tokens (route /me/tokens, share: public)" in done.stderr
    assert "write share: token" in done.stderr and "GET /me (" not in done.stderr
    assert re.search(r"/me/tokens .* LEAK\n", done.stdout) and re.search(r"/me  .* ok\n", done.stdout), done.stdout
    # Another domain's caller and who may not ask at all saw nothing.
    results = json.loads(canary(file, "--json").stdout)
    [leaking] = [result for result in results if result["leaks"]]
    callers = {leak[part] for leak in leaking["leaks"] for part in ["viewer", "owner"]}
    assert callers == {"first", "second", "wider"}
    # On purpose.
    done = canary(file, "--open", "/me/tokens")
    assert done.returncode == 0, done.stderr


def test_a_leak_without_authentication_is_caught(tmp_path):
    """Nobody is identified here, but the token reaches the origin all the same."""
    file = written(tmp_path, cached("public"), floor={"use": []})
    done = canary(file)
    assert done.returncode == 1
    assert "the anonymous caller got the answer that was made for the first caller" in done.stderr, done.stderr


@pytest.mark.parametrize("share, is_shared", [("token", False), ("scopes", True), ("domain", True)])
@pytest.mark.parametrize("freshness", [{"ttl": "1h"}, {"respect": "origin"}])
def test_what_is_declared_is_no_leak(tmp_path, share, is_shared, freshness):
    route = {"match": {"method": "GET", "path": "/me/tokens"}, "use": [{"cache": {"share": share, **freshness}}]}
    done = canary(written(tmp_path, route), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    [result] = json.loads(done.stdout)
    assert result["verdict"] == "ok" and (result["shared"] > 0) == is_shared


def test_tokens_have_the_claims_that_are_asked_for(tmp_path):
    file = written(
        tmp_path, use=[{"cache": {"ttl": "1h"}}, {"rate-limit": {"key": ["domain"], "rate": "1/d"}}],
        authentication={
            **KEYS, "audience": ["https://a.example", "https://b.example"], "kinds": ["special"], "kind_claim": "x.kind",
            "scope_claim": "realm.scopes", "require_expiry": True, "algorithms": ["EdDSA"],
            "domain_claim": {"claim": "tenant", "value": "https://{domain}/"},
            "forward": {"token": "remove", "fields": {"X-User": "subject"}}})
    done = canary(file, "--json", "--operations", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout)
    assert [result["domain"] for result in results] == ["example.com"] * 3 + ["other.example"] * 3
    assert all(result["verdict"] == "ok" and result["route"] == "*" for result in results), results


def test_what_passes_says_what_was_tested(tmp_path):
    file = written(tmp_path, cached("token"), cached("token", "/nowhere"))
    done = canary(file)
    assert done.returncode == 0, done.stderr
    assert re.match(r"DOMAIN +ROUTE +PATH +SHARE +REQUESTS +FROM CACHE +SHARED +VERDICT\n", done.stdout)
    assert re.search(r"^example.com +/me/tokens +/me/tokens +token +\d+ +\d+ +0 +ok$", done.stdout, re.M), done.stdout
    assert "1 of 2 requests tested: nobody got what was made for another" in done.stderr
    assert "NOT tested: example.com /nowhere" in done.stderr and "LEAK" not in done.stdout + done.stderr
    done = canary(written(tmp_path, cached("token")))
    assert done.returncode == 0
    assert done.stderr.strip().endswith("1 of 1 requests tested: nobody got what was made for another"), done.stderr


def test_wrong_command_lines_and_files(tmp_path):
    file = written(tmp_path, cached("token"))
    for arguments, code, said in [
            ([str(file), "--operations", "0"], 64, "--operations takes a number from 1 to 1000"),
            ([str(file), "--admin", "http://127.0.0.1:1"], 64, "--admin"),
            ([str(tmp_path / "none.yaml")], 1, "none.yaml")]:
        done = subprocess.run(
            [executable(), "cache", "canary", *arguments], capture_output=True, text=True, timeout=4 * PATIENCE)
        assert done.returncode == code and said in done.stderr, (done.returncode, done.stderr)
        assert done.stdout == ""


def test_what_tests_nothing_says_so(tmp_path):
    done = canary(written(tmp_path))
    assert done.returncode == 1 and "no route has a cache" in done.stderr
    done = canary(written(tmp_path, cached("token", "/nowhere")))
    assert done.returncode == 1 and "nothing was tested" in done.stderr and "refused (403)" in done.stdout
    done = canary(written(tmp_path, cached("token")), "--domain", "exampel.com")
    assert done.returncode == 64 and "known are example.com, other.example" in done.stderr
    file = tmp_path / "wrong.yaml"
    file.write_text("version: 2\n")
    done = canary(file)
    assert done.returncode == 1 and "wrong.yaml:1:" in done.stderr
