"""An origin that echoes WebSocket messages, in a process of its own. Prints `port N` when it listens."""

import asyncio
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig.websocket import CLOSE, PING, PONG, Peer, ProtocolError, accept_for, read_head  # noqa: E402


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        line, fields = await read_head(reader)
        if fields.get("upgrade", "").lower() != "websocket" or "sec-websocket-key" not in fields:
            writer.write(b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        accepted = accept_for(fields["sec-websocket-key"].encode())
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode())
        await echo(Peer(reader, writer, is_client=False))
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # The other side has gone; the client tells whether it should have.
    except ProtocolError as error:
        print(f"origin: {error}", file=sys.stderr, flush=True)
    finally:
        writer.close()


async def echo(peer: Peer) -> None:
    while True:
        opcode, content, final = await peer.receive()
        await peer.send(PONG if opcode == PING else opcode, content, final)
        if opcode == CLOSE:
            return


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
