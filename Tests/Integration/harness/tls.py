"""Authorities and certificates, an origin and a client that speak TLS."""

import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .origin import Origin
from .wire import PATIENCE, Client, Connection

NEW_KEY = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass
class Files:
    certificate: str
    key: str

    @property
    def setting(self) -> dict:
        """As a listener's and an upstream's settings name them."""
        return {"certificate": self.certificate, "key": self.key}


class Authority:
    """Signs certificates with the openssl command."""

    def __init__(self, folder: Path, name: str = "authority"):
        self.folder = folder
        self.certificate = str(folder / f"{name}.pem")
        self.key = str(folder / f"{name}.key")
        openssl(*NEW_KEY, "-days", "30", "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign",
                "-keyout", self.key, "-out", self.certificate)

    def issue(self, *names: str, file: str | None = None, expired: bool = False) -> Files:
        """A certificate for names such as `DNS:example.com`; `file` writes over an older one of that name."""
        if expired:
            return self.issue_expired(*names)
        stem = file or "-".join(name.split(":", 1)[1] for name in names).replace("*", "any").replace(":", "_")
        files = Files(str(self.folder / f"{stem}.pem"), str(self.folder / f"{stem}.key"))
        openssl(*NEW_KEY, "-days", "30", "-subj", f"/CN={stem}", "-addext", f"subjectAltName={','.join(names)}",
                "-addext", "basicConstraints=critical,CA:FALSE", "-CA", self.certificate, "-CAkey", self.key,
                "-keyout", files.key, "-out", files.certificate)
        return files

    def issue_expired(self, *names: str) -> Files:
        """A certificate of the year 2020, which `openssl req` does not make."""
        files = Files(str(self.folder / "expired.pem"), str(self.folder / "expired.key"))
        request, more, index = (str(self.folder / f"expired.{kind}") for kind in ("csr", "cnf", "index"))
        Path(index).touch()
        Path(more).write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={index}\nnew_certs_dir={self.folder}\nrand_serial=yes\n"
            f"default_md=sha256\npolicy=any\nx509_extensions=leaf\n[any]\ncommonName=supplied\n"
            f"[leaf]\nsubjectAltName={','.join(names)}\n")
        openssl("req", *NEW_KEY[2:], "-subj", "/CN=expired", "-keyout", files.key, "-out", request)
        openssl("ca", "-batch", "-config", more, "-cert", self.certificate, "-keyfile", self.key, "-in", request,
                "-out", files.certificate, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-notext")
        return files

    def client_context(self, **versions: ssl.TLSVersion) -> ssl.SSLContext:
        """Trusts this authority alone; `minimum` and `maximum` bound the version."""
        context = ssl.create_default_context(cafile=self.certificate)
        if "minimum" in versions:
            context.minimum_version = versions["minimum"]
        if "maximum" in versions:
            context.maximum_version = versions["maximum"]
        return context


def openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TLSClient(Client):
    """A connection to a listener with TLS."""

    def __init__(self, port: int, context: ssl.SSLContext, name: str = "example.com"):
        super().__init__(port)
        # An end without close_notify has to be an error here.
        self.socket = context.wrap_socket(self.socket, server_hostname=name, suppress_ragged_eofs=False)

    @property
    def serial(self) -> int:
        """Of the certificate that was shown."""
        return int(self.socket.getpeercert()["serialNumber"], 16)


class TLSOrigin(Origin):
    """An origin behind TLS. What it was asked for by name and whose certificate it was shown is kept."""

    def __init__(self, answer, files: Files, authority: Authority | None = None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(files.certificate, files.key)
        if authority:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(authority.certificate)
        self.names: list[str | None] = []
        self.clients: list[dict | None] = []
        # Handshakes that came to nothing.
        self.refused: list[Exception] = []
        self.context.sni_callback = lambda peer, name, context: self.names.append(name)
        super().__init__(answer)

    def serve(self, peer: Connection) -> None:
        try:
            peer.socket = self.context.wrap_socket(peer.socket, server_side=True)
            self.clients.append(peer.socket.getpeercert())
        except OSError as error:
            self.refused.append(error)
            raise
        self.converse_securely(peer)

    def converse_securely(self, peer: Connection) -> None:
        """What is said over TLS."""
        super().serve(peer)


def end_tls(peer: Connection) -> None:
    """Says close_notify and closes."""
    try:
        peer.socket.unwrap()
    except OSError:
        pass  # The gateway closed in turn.


def cut_tls(peer: Connection) -> None:
    """Closes the connection under TLS, as somebody in between could."""
    raw = socket.socket(fileno=peer.socket.detach())
    raw.shutdown(socket.SHUT_WR)
    raw.close()
