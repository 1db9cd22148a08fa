"""Attacks on tokens through a real socket: each gets its status and reason, reaches no origin and harms nobody else."""

import json

import pytest

from harness import attacks_on_claims, attacks_on_form
from harness.attack import AUDIENCE, DOMAIN, ISSUER, OTHER, Attack, Issuer
from harness.origin import Origin, reply
from harness.process import wait_until
from harness.token_service import CATALOG
from harness.wire import Client

ATTACKS: list[Attack] = [*attacks_on_form.ALL, *attacks_on_claims.ALL]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    return Issuer(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def origin(module_origins):
    return module_origins(lambda request, peer: peer.send(reply(b"{}")))


@pytest.fixture(scope="module")
def gateway(issuer, origin, module_gateways):
    secret = issuer.ed.key.with_name("secret")
    secret.write_bytes(issuer.oct.secret)
    keys = [{"pem": str(signer.public), "algorithm": signer.algorithm, "kid": signer.kid} for signer in issuer.all[:3]]
    keys.append({"secret": {"file": str(secret)}, "kid": "oct"})
    authentication = {"keys": keys, "issuer": ISSUER, "audience": AUDIENCE, "domain_claim": "tenant"}
    return module_gateways({
        "upstreams": {"origin": {"endpoints": [f"http://127.0.0.1:{origin.port}"]}},
        "catalogs": {"losant": CATALOG},
        "defaults": {"use": [{"access-log": {"file": "stdout"}}, {"authentication": authentication},
                             {"scopes": {"operations": "losant"}}]},
        "domains": [{"name": name, "upstream": "origin"} for name in [DOMAIN, OTHER]]}, event_loops=2)


def answer(gateway, request: bytes, method: str = "GET") -> tuple[int, str, str]:
    """Status, reason and challenge that a request gets on a connection of its own."""
    with Client(gateway.port) as client:
        client.send(request)
        said = client.response(method)
    body = json.loads(said.body)
    return said.status, body.get("reason", ""), said.get("www-authenticate") or ""


def test_there_are_at_least_sixty_attacks_and_no_two_are_called_the_same():
    assert len(ATTACKS) >= 60
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


def test_good_tokens_of_each_key_pass(gateway, issuer):
    for signer in issuer.all:
        for kid in [signer.kid, None]:
            token = signer.sign(issuer.claims(), kid=kid)
            for method in ["GET", "POST"]:
                assert answer(gateway, Attack("", 0, "", lambda _: token, method=method).request(issuer))[0] == 200
    other = issuer.good(tenant=OTHER, scope="me.get userApiTokens.get", aud=["a", AUDIENCE], exp=issuer.now + 60.5)
    assert answer(gateway, Attack("", 0, "", lambda _: other, domain=OTHER).request(issuer))[0] == 200


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack(gateway, issuer, origin: Origin, attack: Attack):
    before = len(origin.requests)
    status, reason, challenge = answer(gateway, attack.request(issuer))
    assert (status, reason) == (attack.status, attack.reason)
    if status == 401:
        assert challenge.startswith("Bearer error=" if reason != "token_missing" else "Bearer"), challenge
    assert len(origin.requests) == before, "it reached the origin"
    assert answer(gateway, Attack("", 0, "", lambda _: issuer.good()).request(issuer))[0] == 200
    assert gateway.is_running


def test_no_log_holds_a_token_or_a_secret(gateway, issuer):
    logged = len(gateway.access_log())
    sent = [attack.request(issuer) for attack in ATTACKS]
    for request in sent:
        answer(gateway, request)
    wait_until(lambda: len(gateway.access_log()) >= logged + len(ATTACKS), "the access log")
    written = gateway.output.read_bytes() + gateway.errors.read_bytes()
    good = issuer.good()
    secrets = [issuer.oct.secret, *(signer.key.read_bytes().splitlines()[1] for signer in issuer.all[:3])]
    # What a token consists of: any run of its characters that is long enough to be of use.
    runs = {run for request in sent for line in request.split(b"\r\n") for run in line.replace(b",", b".").split(b".")
            if len(run) >= 24}
    assert good.split(".")[0].encode() in runs and len(runs) > len(ATTACKS)
    for run in [*runs, *secrets]:
        assert run not in written, run
