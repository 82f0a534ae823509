"""A pod's only way out: the platform's door, told which app speaks and by what right. Its init alone opens it."""

import asyncio
import contextlib
import functools
import ipaddress
import os
import socket

from .pod_settings import Settings
from .relay import relay_connections

CONNECT_SECONDS = 10.0
BACKLOG = 1024


def listen_mongo(path: str) -> socket.socket:
    """The socket that the app's database answers at. The folder outlives a container, whose socket is then in the way."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(BACKLOG)
    return listener


async def relay_egress(listener: socket.socket, door: "Door | None") -> None:
    """Leads the proxy's port to the door; without one, the app is told in HTTP that there is no way out."""
    await relay_connections(listener, _refuse if door is None else functools.partial(door.connect, "egress"))


async def relay_mongo(listener: socket.socket, door: "Door | None") -> None:
    """Leads the database's socket to the door. Its clients speak no HTTP: without a door they are closed."""
    await relay_connections(listener, _refuse if door is None else functools.partial(door.connect, "mongo"), b"")


class Door:
    """The door for one app."""

    def __init__(self, host: str, port: int, app_id: str, credential: str) -> None:
        self._host = host
        self._port = port
        self._who = f"{app_id} {credential}"

    async def connect(self, what: str, loop: asyncio.AbstractEventLoop) -> socket.socket:
        """A connection to `egress` or `mongo`. Raises OSError."""
        family, address = await self._find(loop)
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A node that vanished says nothing: an app's pool must not hold its connections for ever.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.sock_connect(connection, address)
                await loop.sock_sendall(connection, f"FP1 {what} {self._who}\n".encode())
        except BaseException:
            connection.close()
            raise
        return connection

    async def _find(self, loop: asyncio.AbstractEventLoop) -> tuple[socket.AddressFamily, tuple[object, ...]]:
        try:
            version = ipaddress.ip_address(self._host).version
        except ValueError:
            family, _, _, _, address = (await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM))[0]
            return family, address
        return (socket.AF_INET if version == 4 else socket.AF_INET6), (self._host, self._port)


def find_door(settings: Settings, app_id: str, credential: str | None) -> Door | None:
    """None where the platform gave this pod no way out."""
    if settings.door_host is None or credential is None:
        return None
    return Door(settings.door_host, settings.door_port, app_id, credential)


async def _refuse(_loop: asyncio.AbstractEventLoop) -> socket.socket:
    raise ConnectionRefusedError
