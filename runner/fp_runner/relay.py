"""The way out of a sandbox without network: a port on its loopback, led to the Unix socket of the platform's egress proxy.

In a pod the same leads the proxy's port and the database's socket to the platform's door. Runs in the init of an instance. It reads no HTTP: what may be reached is the proxy's to say. Bytes go both
ways as fast as the slower side takes them, and an end of one direction is passed on while the other goes on.
"""

import asyncio
import functools
import socket
from collections.abc import Awaitable, Callable

# A little more than the proxy takes of one app, so that the one too many is told why by the proxy. The rest wait in the backlog.
MOST_CONNECTIONS = 128
CHUNK_BYTES = 16 * 1024
# How long a client may hold a connection whose other side has ended: libraries keep such ones in their pools unnoticed.
LINGER_SECONDS = 30.0
# Without a free descriptor, accepting again at once would only fail again.
PAUSE_SECONDS = 0.1

_NO_WAY_OUT = b"This app reaches no Internet now: the platform's egress proxy is not there. Nothing was sent. Try again in a moment.\n"
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nX-FP-Egress: unavailable\r\n"
    b"Connection: close\r\nContent-Length: " + str(len(_NO_WAY_OUT)).encode() + b"\r\n\r\n" + _NO_WAY_OUT
)


# Gives a connection to the other side. Raises OSError.
Connect = Callable[[asyncio.AbstractEventLoop], Awaitable[socket.socket]]


async def serve_relay(listener: socket.socket, target_path: str) -> None:
    """Leads each connection to `listener` to the Unix socket `target_path`, which may appear after the start."""
    await relay_connections(listener, functools.partial(_connect_unix, target_path))


async def relay_connections(listener: socket.socket, connect: Connect, refusal: bytes = _REFUSAL) -> None:
    """Leads each connection to `listener` to one that `connect` makes, until it is cancelled or `listener` is closed.

    It then closes what is open. When `connect` fails, the client is told `refusal` (by default in HTTP) and closed.
    """
    listener.setblocking(False)
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(MOST_CONNECTIONS)
    running: set[asyncio.Task[None]] = set()

    def leave(task: asyncio.Task[None]) -> None:
        running.discard(task)
        slots.release()

    try:
        while True:
            await slots.acquire()
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError:
                slots.release()
                if listener.fileno() == -1:
                    return
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            task = loop.create_task(_serve(loop, client, connect, refusal))
            running.add(task)
            task.add_done_callback(leave)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _serve(loop: asyncio.AbstractEventLoop, client: socket.socket, connect: Connect, refusal: bytes) -> None:
    with client:
        client.setblocking(False)
        if client.family != socket.AF_UNIX:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            target = await connect(loop)
        except OSError:
            await _refuse(loop, client, refusal)
            return
        with target:
            await _join(loop, client, target)


async def _connect_unix(path: str, loop: asyncio.AbstractEventLoop) -> socket.socket:
    target = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        target.setblocking(False)
        await loop.sock_connect(target, path)
    except BaseException:
        target.close()
        raise
    return target


async def _join(loop: asyncio.AbstractEventLoop, client: socket.socket, target: socket.socket) -> None:
    up = loop.create_task(_copy(loop, client, target))
    down = loop.create_task(_copy(loop, target, client))
    try:
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        if not down.done() and up.result():
            await down
        elif not up.done() and down.result():
            await asyncio.wait((up,), timeout=LINGER_SECONDS)
    finally:
        up.cancel()
        down.cancel()
        # Until they have let go of the sockets, whose descriptors may be others' next.
        await asyncio.gather(up, down, return_exceptions=True)


async def _copy(loop: asyncio.AbstractEventLoop, source: socket.socket, sink: socket.socket) -> bool:
    """Copies until `source` ends, and passes that end on. False when either side broke."""
    try:
        while chunk := await loop.sock_recv(source, CHUNK_BYTES):
            await loop.sock_sendall(sink, chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return True


async def _refuse(loop: asyncio.AbstractEventLoop, client: socket.socket, refusal: bytes) -> None:
    """Says why, and waits a moment for the client to have read it: closed upon unread bytes, a connection is reset instead."""
    try:
        await loop.sock_sendall(client, refusal)
        client.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(1):
            while await loop.sock_recv(client, CHUNK_BYTES):
                pass
    except (OSError, TimeoutError):
        return
