"""`gatehouse scopes`, OpenAPI documents as catalogues, and shadow mode, with real processes and real tokens."""

import base64
import hashlib
import hmac
import json
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from harness.process import ROOT, executable, wait_until
from harness.token_service import TokenService
from harness.wire import PATIENCE

SECRET = b"a secret of more than thirty-two bytes"

PETSTORE = """
openapi: 3.0.3
info: { title: petstore }
servers: [{ url: https://pets.example/v1 }]
security: [{ oauth: [pets.read] }]
paths:
  /pets:
    get: { operationId: listPets }
    post:
      operationId: createPet
      security: [{ oauth: [pets.read, pets.write] }, { oauth: [pets.admin] }]
  /pets/{id}:
    get: { operationId: showPet }
    delete: { operationId: deletePet, security: [{ key: [] }] }
  /health:
    get: { operationId: health, security: [] }
components:
  securitySchemes:
    oauth: { type: oauth2, flows: {} }
    key: { type: apiKey, name: x-key, in: header }
"""


def sign(scopes: list[str], **claims) -> str:
    def part(value) -> str:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    claims = {"sub": "u", "scope": scopes, "exp": int(time.time()) + 3600, **claims}
    signed = f"{part({'alg': 'HS256'})}.{part(claims)}"
    return f"{signed}.{part(hmac.new(SECRET, signed.encode(), hashlib.sha256).digest())}"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "petstore.yaml").write_text(PETSTORE)
    return tmp_path


def parts(folder: Path, upstream: str = "http://127.0.0.1:1") -> dict:
    """What the configurations of this module have in common."""
    return {
        "upstreams": {"origin": {"endpoints": [upstream]}},
        "catalogs": {"pets": str(folder / "petstore.yaml")},
        "defaults": {"use": [{"access-log": {"file": "stdout"}}, {
            "authentication": {"keys": {"secret": {"file": str(folder / "secret")}}, "missing": "allow"}}]},
    }


def write(folder: Path, configuration: dict) -> str:
    file = folder / "scopes.yaml"
    file.write_text(json.dumps({"version": 1, "listeners": [{"bind": "127.0.0.1:0"}], **configuration}))
    return str(file)


def scopes(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess:
    return subprocess.run(
        [executable(), "scopes", *arguments], input=stdin, capture_output=True, text=True, timeout=PATIENCE)


def ask(gateway, domain: str, method: str, path: str, token: str | None = None) -> tuple[int, dict, str]:
    headers = {"losantdomain": domain, **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(gateway.url + path, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, {}, ""
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), error.headers.get("WWW-Authenticate", "")


def test_an_openapi_document_is_enforced_and_shadowed(folder, origins, gateways):
    pets = {"operations": "pets"}
    configuration = parts(folder, f"http://127.0.0.1:{origins().port}")
    configuration["domains"] = [
        {"name": "strict.example", "upstream": "origin", "use": [{"scopes": pets}]},
        {"name": "shadow.example", "upstream": "origin", "use": [{"scopes": {**pets, "mode": "shadow"}}],
         "routes": [{"match": {"path": "/v1/pets"}, "use": [{"scopes": pets}]}]},
    ]
    gateway = gateways(configuration)
    reader, writer = sign(["pets.read"]), sign(["pets.read", "pets.write"])

    def strict(*request):
        return ask(gateway, "strict.example", *request)

    assert strict("GET", "/v1/pets", reader)[0] == 200
    assert strict("GET", "/v1/pets/1", reader)[0] == 200
    assert strict("GET", "/v1/health")[0] == 200
    assert strict("POST", "/v1/pets", writer)[0] == 200
    status, body, challenge = strict("POST", "/v1/pets", reader)
    assert (status, body["reason"]) == (403, "scope_insufficient")
    assert challenge == 'Bearer error="insufficient_scope", scope="pets.admin"'
    status, body, challenge = strict("GET", "/v1/pets")
    assert (status, body["reason"], challenge) == (401, "token_missing", "Bearer")
    assert strict("DELETE", "/v1/pets/1", writer)[1]["reason"] == "operation_denied"
    assert strict("GET", "/pets", reader)[1]["reason"] == "operation_unknown"

    # The domain is in shadow mode, and its route is not.
    assert ask(gateway, "shadow.example", "DELETE", "/v1/pets/1", reader)[0] == 200
    assert ask(gateway, "shadow.example", "GET", "/elsewhere")[0] == 200
    assert ask(gateway, "shadow.example", "POST", "/v1/pets", reader)[1]["reason"] == "scope_insufficient"
    assert ask(gateway, "shadow.example", "GET", "/v1/pets", reader)[0] == 200
    wait_until(lambda: len(gateway.access_log()) == 12, "twelve lines of the log")
    lines = [line for line in gateway.access_log() if line["domain"] == "shadow.example"]
    assert [(line["status"], line["reason"], line["shadow"]) for line in lines] == [
        (200, None, "operation_denied"), (200, None, "operation_unknown"), (403, "scope_insufficient", None),
        (200, None, None)]


def test_shadow_mode_does_not_loosen_the_floor(folder, origins, gateways):
    configuration = parts(folder, f"http://127.0.0.1:{origins().port}")
    configuration["floor"] = {"use": [*configuration.pop("defaults")["use"], {"scopes": {"operations": "pets"}}]}
    configuration["domains"] = [{
        "name": "example.com", "upstream": "origin",
        "use": [{"scopes": {"operations": "pets", "mode": "shadow"}}]}]
    gateway = gateways(configuration)
    assert ask(gateway, "example.com", "GET", "/v1/pets", sign(["pets.write"]))[1]["reason"] == "scope_insufficient"
    assert ask(gateway, "example.com", "GET", "/v1/pets", sign(["pets.read"]))[0] == 200
    assert ask(gateway, "example.com", "GET", "/nowhere", sign(["pets.read"]))[1]["reason"] == "operation_unknown"


def test_mistakes_of_a_document_fail_check_and_run(folder):
    (folder / "petstore.yaml").write_text(PETSTORE.replace("oauth: [pets.read] }]", "oath: [pets.read] }]"))
    file = write(folder, {**parts(folder), "domains": [{"name": "a.example", "upstream": "origin"}]})
    for command in ["check", "run"]:
        done = subprocess.run([executable(), command, file], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 1
        assert f"{folder}/petstore.yaml:5:14: error: security[0].oath: there is no security scheme" in done.stderr


def test_check_finds_what_nobody_judges_or_reaches(folder):
    pets = {"scopes": {"operations": "pets"}}
    configuration = parts(folder)
    catalogue = {"version": 1, "name": "own", "groups": {"all": ["a.get", "a.gone"]}, "operations": [
        {"id": "a.get", "method": "GET", "path": "/a", "auth": "token", "scopes": ["a.get"]}]}
    (folder / "own.json").write_text(json.dumps(catalogue))
    configuration["catalogs"]["own"] = str(folder / "own.json")
    configuration["domains"] = [
        {"name": "bare.example", "upstream": "origin"},
        {"name": "routes.example", "use": [pets], "routes": [
            {"match": {"method": "GET", "path": "/v1/pets"}, "upstream": "origin"},
            {"match": {"path": "/pets"}, "upstream": "origin"},
            {"match": {"path": "/open"}, "upstream": "origin", "use": [{"scopes": False}]},
            {"match": {"path": "/loose"}, "upstream": "origin",
             "use": [{"scopes": {"operations": "pets", "unlisted": "allow"}}]},
            {"match": {"path": "/v1/pets/{id}"}, "upstream": "origin",
             "use": [{"scopes": {"operations": "pets", "any": ["pets.raed"], "mode": "shadow"}}]},
        ]},
        {"name": "own.example", "upstream": "origin", "use": [
            {"authentication": False}, {"scopes": {"operations": "own"}}]},
    ]
    file = write(folder, configuration)
    done = scopes("check", "--json", file)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    report = json.loads(done.stdout)

    def found(code: str) -> list[tuple]:
        return [
            (finding["severity"], finding.get("domain"), finding.get("route") or finding.get("operation"))
            for finding in report["findings"] if finding["code"] == code]

    assert found("route_unprotected") == [("wrong", "bare.example", "everything")]
    assert found("route_uncovered") == [("wrong", "routes.example", "/pets")]
    assert found("route_off") == [("warning", "routes.example", "/open")]
    assert found("route_unjudged") == [("warning", "routes.example", "/loose")]
    assert found("scope_unknown") == [("wrong", "routes.example", "/v1/pets/{id}")]
    assert found("route_shadow") == [("warning", "routes.example", "/v1/pets/{id}")]
    assert found("route_unauthenticated") == [("wrong", "own.example", "everything")]
    assert found("operation_unreached") == [
        ("warning", "routes.example", "createPet"), ("warning", "routes.example", "health")]
    assert ("warning", "routes.example", "deletePet") in found("operation_denied")
    assert [finding["scope"] for finding in report["findings"] if finding["code"] == "group_scope_unused"] == ["a.gone"]
    assert report["wrong"] == 4 and report["wrong"] + report["warnings"] == len(report["findings"])

    text = scopes("check", file)
    assert text.returncode == 1
    assert "bare.example\n  wrong   route_unprotected: everything: no `scopes` judges it" in text.stdout
    assert f"3 domains, 7 routes: 4 wrong, {report['warnings']} warnings" in text.stdout


def test_check_passes_what_is_right(folder):
    configuration = parts(folder)
    configuration["domains"] = [
        {"name": "a.example", "upstream": "origin", "use": [{"scopes": {"operations": "losant"}}]}]
    file = write(folder, configuration)
    done = scopes("check", "--strict", file)
    assert done.returncode == 0, done.stdout
    assert done.stdout == "1 domains, 1 routes: nothing to report\n"
    # deletePet needs a key, so there is a warning.
    configuration["domains"][0]["use"] = [{"scopes": {"operations": "pets"}}]
    file = write(folder, configuration)
    assert scopes("check", file).returncode == 0
    assert scopes("check", "--strict", file).returncode == 1
    assert scopes("check", "/nonexistent.yaml").returncode == 1


@pytest.fixture
def explained(folder):
    configuration = parts(folder)
    configuration["domains"] = [
        {"name": "a.example", "upstream": "origin", "use": [{"scopes": {"operations": "losant"}}]},
        {"name": "pets.example", "upstream": "origin", "hosts": ["alias.example"],
         "use": [{"scopes": {"operations": "pets", "mode": "shadow"}}]}]
    file = write(folder, configuration)

    def explain(token: str, method: str, path: str, *more: str, stdin: str = "", domain: str = "a.example"):
        done = scopes("explain", token, method, path, "--config", file, "--domain", domain, *more, stdin=stdin)
        return done.returncode, done.stdout + done.stderr

    return explain


def test_explain_says_why(explained, folder):
    token = sign(["all.User.read", "foreign.scope"], subtype="apiToken")
    (folder / "token").write_text(token + "\n")
    for argument, stdin in [(token, ""), ("-", token + "\n"), (f"@{folder}/token", "")]:
        code, text = explained(argument, "GET", "/me//tokens/../tokens/", stdin=stdin)
        assert code == 0, text
        for words in [
            "path          /me/tokens/", "userApiTokens.get (GET /me/tokens) of the catalogue losant",
            "subject u, kind apiToken", "verified with the configured keys", "unknown to the catalogue: foreign.scope",
            "satisfied by  all.User.read", "verdict       allowed",
        ]:
            assert words in text, text
        assert "NOT VERIFIED" not in text
    code, text = explained(token, "POST", "/me/tokens")
    assert code == 1 and "verdict       refused: 403 scope_insufficient" in text
    assert "wants         one of all.User, only.User, userApiTokens.*, userApiTokens.post; no OAuth token" in text
    code, text = explained(sign(["all.User"], subtype="userOauthToken"), "POST", "/me/tokens")
    assert code == 1 and "403 oauth_token_denied" in text
    assert explained("", "GET", "/me/tokens")[0] == 1
    assert explained("", "POST", "/auth/user")[0] == 0
    code, text = explained(token, "GET", "/nowhere")
    assert code == 1 and "403 operation_unknown" in text
    code, text = explained(token, "GET", "/me/%00")
    assert code == 1 and "refused: 400 path_control" in text


def test_explain_tells_bad_tokens_from_small_ones(explained):
    code, text = explained(sign(["all.User"], exp=1), "GET", "/me/tokens")
    assert code == 1 and "NOT VERIFIED: token_expired" in text and "refused: 401 token_expired" in text
    code, text = explained(sign(["all.User"])[:-4] + "AAAA", "GET", "/me/tokens")
    assert code == 1 and "refused: 401 token_signature_invalid" in text and "scopes        all.User" in text
    code, text = explained("nonsense", "GET", "/me/tokens")
    assert code == 1 and "refused: 401 token_malformed" in text
    code, text = explained(sign([]), "GET", "/me/tokens?access_token=x")
    assert code == 1 and "refused: 400 token_in_query" in text


def test_explain_knows_shadow_mode_and_hosts(explained):
    code, text = explained(sign(["pets.write"]), "DELETE", "/v1/pets/1", domain="Alias.example")
    assert code == 0 and "shadow        would be refused: 403 operation_denied" in text and "domain        pets.example" in text


def test_explain_says_what_it_cannot_judge(explained, folder):
    assert explained("", "GET", "/", domain="nobody.example")[0] == 2
    assert explained(f"@{folder}/nothing", "GET", "/")[0] == 2
    assert scopes("explain", "", "GET", "/", "--config", "/nonexistent.yaml").returncode == 2
    assert scopes("explain", "", "GET").returncode == 64
    several = scopes("explain", "", "GET", "/", "--config", str(folder / "scopes.yaml"))
    assert several.returncode == 2 and "name one with --domain" in several.stderr


def test_explain_without_and_with_the_key_set(folder):
    service = TokenService(folder)
    token = service.seed("user", "example.com")
    configuration = parts(folder)
    configuration["defaults"] = {"use": [{"authentication": {"keys": {"jwks": service.keys}}}]}
    configuration["domains"] = [
        {"name": "a.example", "upstream": "origin", "use": [{"scopes": {"operations": "losant"}}]}]
    file = write(folder, configuration)

    def explain(*more: str) -> subprocess.CompletedProcess:
        return scopes("explain", "-", "GET", "/me/tokens", "--config", file, *more, stdin=token)

    service.start()
    try:
        done = explain()
        assert done.returncode == 2
        assert "NOT VERIFIED; this is what it says of itself" in done.stdout
        assert "its keys are at an address that was not asked" in done.stdout
        assert "verdict       not judged: allowed if signature and claims are good" in done.stdout
        done = explain("--fetch-keys")
        assert done.returncode == 0 and "verified with the configured keys" in done.stdout, done.stdout
        # A key that was asked for and is not there is no key that was not asked for.
        header = base64.urlsafe_b64encode(b'{"alg":"EdDSA","kid":"gone"}').rstrip(b"=").decode()
        unknown = ".".join([header, token.split(".")[1], token.split(".")[2]])
        done = scopes("explain", "-", "GET", "/me/tokens", "--config", file, "--fetch-keys", stdin=unknown)
        assert done.returncode == 1 and "refused: 401 token_key_unknown" in done.stdout, done.stdout
        assert "was not asked" not in done.stdout
    finally:
        service.stop()
    done = explain("--fetch-keys")
    assert done.returncode == 2 and "could not be fetched" in done.stderr, done.stderr


@pytest.fixture
def explained_with(folder):
    """Explains a request on a route with these plugins, and `scopes` of the petstore."""

    def explain(*use: dict, token: str, method: str = "GET", path: str = "/v1/pets", **more):
        configuration = {**parts(folder), **more}
        del configuration["defaults"]
        configuration["domains"] = [
            {"name": "a.example", "upstream": "origin", "use": [*use, {"scopes": {"operations": "pets"}}]}]
        done = scopes("explain", token, method, path, "--config", write(folder, configuration))
        return done.returncode, done.stdout + done.stderr

    return explain


def keys(folder) -> dict:
    return {"keys": {"secret": {"file": str(folder / "secret")}}}


API = {"authentication": {"introspect": {"api": "http://127.0.0.1:1"}, "issuer": "id.example"}}
ENDPOINT = {"authentication": {"introspect": {"rfc7662": "http://127.0.0.1:1/introspect"}}}


def test_explain_does_not_speak_for_the_api(explained_with):
    good = sign(["pets.read"], iss="id.example", subtype="apiToken")
    code, text = explained_with(API, token=good)
    assert code == 2, text
    assert "subject u, kind apiToken" in text and "NOT VERIFIED; this is what it says of itself" in text
    assert "satisfied by  pets.read" in text
    assert "verdict       not judged: allowed if http://127.0.0.1:1 says that the token is good" in text
    # What is refused whatever the API says is refused.
    code, text = explained_with(API, token=good, method="POST")
    assert code == 1 and "refused: 403 scope_insufficient" in text
    code, text = explained_with(API, token=sign(["pets.read"], iss="other"))
    assert code == 1 and "refused: 401 token_issuer_unknown" in text
    code, text = explained_with(API, token=sign(["pets.read"], iss="id.example", exp=1))
    assert code == 1 and "refused: 401 token_expired" in text
    assert explained_with(API, token="")[0] == 1


def test_explain_does_not_know_the_scopes_of_an_introspected_token(explained_with):
    code, text = explained_with(ENDPOINT, token="an-opaque-token")
    assert code == 2, text
    assert "http://127.0.0.1:1/introspect was not asked, and its answer says who the caller is" in text
    assert "allowed if http://127.0.0.1:1/introspect says that the token is good and has scopes that do" in text
    # A JWT's own claims do not count.
    code, text = explained_with(ENDPOINT, token=sign([]))
    assert code == 2 and "refused by what is known here: 403 scope_insufficient" in text, text
    code, text = explained_with(ENDPOINT, token="an-opaque-token", path="/nowhere")
    assert code == 1 and "403 operation_unknown" in text
    code, text = explained_with(ENDPOINT, token="no token")
    assert code == 1 and "401 token_malformed" in text


def test_explain_names_who_was_not_asked(explained_with, folder):
    (folder / "service").write_text("a-service-token")
    registry = {"token-registry": {"token": {"file": str(folder / "service")}}}
    limit = {"rate-limit": {"key": ["domain"], "rate": "1/m"}}
    code, text = explained_with({"authentication": keys(folder)}, registry, limit, token=sign(["pets.read"]))
    assert code == 2 and "verified with the configured keys" in text, text
    assert "not asked     `token-registry`, `rate-limit`, what is revoked at a running gateway" in text
    assert "allowed if `token-registry` has it as active" in text
    both = {"authentication": {**keys(folder), **ENDPOINT["authentication"]}}
    code, text = explained_with(both, token=sign(["pets.read"]))
    assert code == 2 and "verified with the configured keys" in text and "/introspect was not asked\n" in text
    # Without a token nobody would be asked.
    assert explained_with(both, registry, token="", path="/v1/health")[0] == 1
    allowing = {"authentication": {**both["authentication"], "missing": "allow"}}
    assert explained_with(allowing, registry, token="", path="/v1/health")[0] == 0


def test_explain_reads_the_file_of_revocations(explained_with, folder):
    kept = folder / "revocations.jsonl"
    kept.write_text('{"op":"revoke","id":"leaked","since":"2026-01-01T00:00:00Z"}\n')
    revocations = {"revocations": {"file": str(kept)}}
    use = {"authentication": keys(folder)}
    code, text = explained_with(use, token=sign(["pets.read"], jti="leaked"), **revocations)
    assert code == 1 and "refused: 401 token_revoked" in text, text
    code, text = explained_with(use, token=sign(["pets.read"], jti="other"), **revocations)
    assert code == 0 and "not asked" not in text, text


def test_help_teaches():
    assert "@my.token" in scopes("--help").stdout
    teaching = scopes("explain", "--help").stdout
    assert "--fetch-keys" in teaching and "2 when it cannot be" in " ".join(teaching.split())
    assert "route_unprotected" in scopes("check", "--help").stdout
    shipped = scopes("check", "--strict", str(ROOT / "config/gatehouse.yaml"))
    assert shipped.returncode == 0, shipped.stdout
