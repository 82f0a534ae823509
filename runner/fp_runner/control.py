"""The line to the platform: JSON objects, one a line, over an inherited socket (descriptor 3)."""

import json
import os
import socket
import threading
from collections.abc import Mapping
from typing import Any

CONTROL_FD = 3


class Control:
    """Sends and receives messages; sending is safe from any thread. After the platform is gone, sending does nothing."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._lock = threading.Lock()
        self._pending = b""

    @classmethod
    def inherited(cls, fd: int = CONTROL_FD) -> "Control":
        """Takes over descriptor `fd`; what the app starts does not inherit it."""
        os.set_inheritable(fd, False)
        return cls(socket.socket(fileno=fd))

    def send(self, message: Mapping[str, Any]) -> None:
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            try:
                self.socket.setblocking(True)
                self.socket.sendall(line)
            except OSError:
                pass

    def receive(self) -> dict[str, Any] | None:
        """Waits for the next message. None when the platform closed the line."""
        while b"\n" not in self._pending:
            chunk = self.socket.recv(65536)
            if not chunk:
                return None
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message


class SilentControl:
    """For a runner that nobody listens to: `serve` in a pod or on a laptop."""

    def send(self, message: Mapping[str, Any]) -> None:
        pass
