"""WebSocket (RFC 6455) on asyncio streams, as much as an echo needs; whatever the protocol forbids is an error."""

import asyncio
import base64
import hashlib
import os

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class ProtocolError(Exception):
    """The peer, or what stands between, did what it must not."""


def accept_for(key: bytes) -> str:
    return base64.b64encode(hashlib.sha1(key + MAGIC).digest()).decode()


def masked(content: bytes, key: bytes) -> bytes:
    repeated = (key * (len(content) // 4 + 1))[:len(content)]
    return (int.from_bytes(content) ^ int.from_bytes(repeated)).to_bytes(len(content))


class Peer:
    """One side of an open connection; a client masks what it sends, a server does not."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_client: bool):
        self.reader, self.writer, self.is_client = reader, writer, is_client

    async def send(self, opcode: int, content: bytes, final: bool = True) -> None:
        size = len(content)
        head = bytes([(0x80 if final else 0) | opcode])
        bit = 0x80 if self.is_client else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 65536:
            head += bytes([bit | 126]) + size.to_bytes(2)
        else:
            head += bytes([bit | 127]) + size.to_bytes(8)
        if self.is_client:
            key = os.urandom(4)
            head, content = head + key, masked(content, key)
        self.writer.write(head + content)
        await self.writer.drain()

    async def receive(self) -> tuple[int, bytes, bool]:
        """Opcode, content, and whether the frame is the message's last."""
        first, second = await self.reader.readexactly(2)
        if first & 0x70:
            raise ProtocolError(f"reserved bits are set: {first:#x}")
        if bool(second & 0x80) == self.is_client:
            raise ProtocolError("a client's frame is masked, a server's is not")
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
        key = await self.reader.readexactly(4) if second & 0x80 else b""
        content = await self.reader.readexactly(size)
        return first & 0x0F, masked(content, key) if key else content, bool(first & 0x80)

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass


async def dial(port: int, domain: str) -> Peer:
    """A client's connection, after the handshake."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = base64.b64encode(os.urandom(16))
    writer.write(
        f"GET /echo HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nlosantdomain: {domain}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key.decode()}\r\n\r\n".encode())
    line, fields = await read_head(reader)
    if not line.startswith("HTTP/1.1 101 "):
        writer.close()
        raise ProtocolError(f"no tunnel: {line}")
    if fields.get("upgrade", "").lower() != "websocket" or fields.get("connection", "").lower() != "upgrade":
        raise ProtocolError(f"101 without Upgrade and Connection: {fields}")
    if fields.get("sec-websocket-accept") != accept_for(key):
        raise ProtocolError("Sec-WebSocket-Accept is not the one for the key")
    return Peer(reader, writer, is_client=True)


async def read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """The start line, and the fields by their names in lower case."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = [line.partition(":") for line in lines[1:] if line]
    return lines[0], {name.lower(): value.strip() for name, _, value in fields}
