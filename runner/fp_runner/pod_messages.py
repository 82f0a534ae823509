"""What a pod's runner says: how its app came up, for whoever handed it over, and what happens later, for the container's output."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from typing import Any

from .pod_lines import Connection
from .pod_output import Output, Pace

# The runner holds user code, so anything may come. The first is a report of thousands of routes; the second a traceback.
LONGEST_BEFORE_READY = 4 * 1024 * 1024
LONGEST_MESSAGE = 512 * 1024
BYTES_PER_SECOND = 512 * 1024
BURST_BYTES = 8 * 1024 * 1024
COMING_UP = ("loaded", "ready", "failed")
LATER = ("exception", "dropped")


class Messages:
    """Reads one runner's line. What it says of coming up is kept until somebody asks for it by `next_told`."""

    def __init__(self, output: Output, on_kind: Callable[[str], None]) -> None:
        self._output = output
        self._on_kind = on_kind
        self._told: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._is_up = False
        self.error: dict[str, Any] | None = None

    async def follow(self, line: socket.socket) -> None:
        """Until the runner closes it, or says more at once than there is to say: then it is heard no more."""
        connection, pace = Connection(line), Pace(BYTES_PER_SECOND, BURST_BYTES)
        loop = asyncio.get_running_loop()
        while True:
            try:
                content = await connection.read_line(LONGEST_MESSAGE if self._is_up else LONGEST_BEFORE_READY)
            except (OSError, EOFError, ValueError):
                return
            await self._take(content)
            await asyncio.sleep(pace.charge(len(content), loop.time()))

    async def next_told(self) -> bytes | None:
        """The next line of how the app comes up; None after the last."""
        return await self._told.get()

    def close(self, last: Mapping[str, Any] | None = None) -> None:
        """Nothing more will be told, but `last` when the app did not come up."""
        if not self._is_up:
            if last is not None:
                self._told.put_nowait(json.dumps(last).encode() + b"\n")
            self._told.put_nowait(None)
            self._is_up = True

    async def _take(self, content: bytes) -> None:
        try:
            message = json.loads(content)
            kind = message["type"]
        except (ValueError, KeyError, TypeError):
            return
        if kind in LATER:
            # In a thread: where the container runtime does not take it, the pod still answers.
            await asyncio.to_thread(self._output.tell, message)
        elif kind in COMING_UP and not self._is_up:
            if kind == "failed" and isinstance(message.get("error"), dict):
                self.error = message["error"]
            self._told.put_nowait(content + b"\n")
            if kind != "loaded":
                self.close()
            self._on_kind(kind)
        elif kind == "warm":
            self._on_kind(kind)
