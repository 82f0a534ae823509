"""Lines of JSON over a socket, each bounded: the one way in which the first process of a pod reads what others send it."""

import asyncio
import json
import socket
from collections.abc import Mapping
from typing import Any

CHUNK_BYTES = 64 * 1024


class Connection:
    """One socket, read line by line. It is the caller's to close."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._held = bytearray()

    async def read_line(self, most: int) -> bytes:
        """Without its end. Raises EOFError when there is none, ValueError when it is longer than `most` bytes, OSError."""
        searched = 0
        while (end := self._held.find(b"\n", searched)) < 0:
            searched = len(self._held)
            if searched > most:
                raise ValueError("the line is too long")
            chunk = await self._loop.sock_recv(self._socket, CHUNK_BYTES)
            if not chunk:
                raise EOFError
            self._held += chunk
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        return line

    async def read_message(self, most: int) -> dict[str, Any]:
        """Raises EOFError, ValueError or OSError."""
        message = json.loads(await self.read_line(most))
        if not isinstance(message, dict):
            raise ValueError("not an object")
        return message

    async def send(self, content: bytes) -> None:
        """Raises OSError."""
        await self._loop.sock_sendall(self._socket, content)

    async def send_message(self, message: Mapping[str, Any]) -> None:
        """Raises OSError."""
        await self.send(json.dumps(message, separators=(",", ":")).encode() + b"\n")
