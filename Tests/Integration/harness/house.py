"""The whole house: a gateway with four domains in front of a token service, and a token for a user of each domain."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from losant_rest import Client

from .gateway import Gateway
from .token_service import CATALOG, TokenService

# What a token of limited.example may ask at once.
LIMIT = 5
DOMAINS = ["example.com", "tenant.example", "limited.example", "cached.example"]


@dataclass
class House:
    """A gateway in front of a token service, and a token that may do everything for a user of each domain."""

    gateway: Gateway
    service: TokenService
    tokens: dict[str, str]

    def client(self, domain: str, token: str | None = None) -> "InDomain":
        return InDomain(Client(token or self.tokens[domain], self.gateway.url), domain)

    def behind(self, domain: str) -> "InDomain":
        """The same past the gateway."""
        return InDomain(Client(self.tokens[domain], self.service.url), domain)

    def token(self, domain: str, *scopes: str, **more) -> str:
        """A further token of the domain's user."""
        return self.behind(domain).create({"name": " ".join(scopes), "scope": list(scopes), **more})["token"]


class InDomain:
    """The client's five calls with losantdomain."""

    def __init__(self, client: Client, domain: str | None):
        self.client = client
        self.more = {"losantdomain": domain} if domain is not None else {}

    def list(self, **parameters):
        return self.client.user_api_tokens.get(**parameters, **self.more)

    def create(self, token):
        return self.client.user_api_tokens.post(apiToken=token, **self.more)

    def show(self, identifier):
        return self.client.user_api_token.get(apiTokenId=identifier, **self.more)

    def change(self, identifier, change):
        return self.client.user_api_token.patch(apiTokenId=identifier, apiToken=change, **self.more)

    def delete(self, identifier):
        return self.client.user_api_token.delete(apiTokenId=identifier, **self.more)


def configuration(service: TokenService) -> dict:
    def domain(name: str, *routes: dict, use: list = ()) -> dict:
        keys = {"keys": {"jwks": service.keys}, "algorithms": ["EdDSA"], "issuer": name, "domain_claim": "iss"}
        return {
            "name": name, "upstream": "origin", "routes": list(routes),
            "use": [{"authentication": keys}, {"scopes": {"operations": "losant"}}, *use]}

    limit = {"rate-limit": {"key": ["domain", "token"], "rate": "1/d", "burst": LIMIT}}
    cached = {"cache": {"ttl": "1h", "share": "token", "override": ["no-store", "no-cache"]}}
    return {
        "upstreams": {"origin": {"endpoints": [service.url]}},
        "catalogs": {"losant": CATALOG},
        "defaults": {"use": ["request-id", {"access-log": {"file": "stdout"}}]},
        "domains": [
            domain("example.com"),
            domain("tenant.example"),
            domain("limited.example", use=[limit]),
            domain(
                "cached.example", {"match": {"path": "/me/tokens"}, "use": [cached]},
                {"match": {"path": "/me/tokens/{apiTokenId}"}, "use": [cached]}),
        ],
    }


def build(folder: Path, start: Callable[[dict], Gateway]) -> Iterator[House]:
    """Seeds a token for each domain, runs the service and the gateway, and ends the service."""
    service = TokenService(folder)
    try:
        tokens = {domain: service.seed(f"user of {domain}", domain) for domain in DOMAINS}
        service.start()
        yield House(start(configuration(service)), service, tokens)
    finally:
        service.stop()
