"""The embedded origin with users in several domains."""

from pathlib import Path

from .process import ROOT, Process, executable, free_port

CATALOG = str(ROOT / "config/catalogs/losant.json")


class TokenService:
    """`gatehouse token-service` over a file, so that it can be ended and started again."""

    def __init__(self, folder: Path, issuer: str = "example.com"):
        self.folder = folder
        self.issuer = issuer
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = f"{self.url}/.well-known/jwks.json"
        self.process: Process | None = None

    def start(self, *more: str) -> None:
        self.process = Process(
            [executable(), "token-service", "--bind", f"127.0.0.1:{self.port}", "--issuer", self.issuer,
             "--database", str(self.folder / "tokens.sqlite"), *more],
            self.folder, "token-service")
        try:
            self.process.wait_for_port(self.port)
        except BaseException:
            self.process.kill()
            raise

    def seed(self, user: str, domain: str) -> str:
        """A user with a first token, which may do everything; gives the token. The service is stopped afterwards."""
        file = self.folder / f"{user}.token"
        self.start("--seed-user", user, "--seed-domain", domain, "--seed-token-file", str(file))
        self.stop()
        return file.read_text().strip()

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def kill(self) -> None:
        if self.process:
            self.process.kill()
