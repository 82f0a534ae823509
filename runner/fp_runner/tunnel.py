"""TCP that is not HTTP: connections that the standard library opens go through CONNECT of the platform's egress proxy.

So smtplib, imaplib, ftplib, http.client and asyncio's streams work where the proxy allows host and port, and fail with the
proxy's words where it does not. Whoever resolves names by itself is told that there is a proxy.
"""

import asyncio
import errno
import functools
import os
import socket
import sys
from typing import Any

# The proxy answers within its own limits for connecting; this ends the wait when it does not.
CONNECT_SECONDS = 60.0
MOST_HEAD_BYTES = 16 * 1024
MOST_WORDS_BYTES = 2 * 1024

_HOW = (
    "apps reach the Internet through the platform's proxy only. It is set for httpx, requests, aiohttp and urllib (HTTP_PROXY, HTTPS_PROXY), "
    "and serves smtplib, socket.create_connection and asyncio.open_connection too; a client that connects by itself must be given it."
)


def use_tunnel(port: int) -> None:
    """Leads `socket.create_connection` and event loops' `create_connection` to the proxy at 127.0.0.1:`port`."""
    socket.create_connection = _tunnelled(socket.create_connection, port)
    socket.getaddrinfo = _explained(socket.getaddrinfo)
    loops: list[Any] = [asyncio.BaseEventLoop]
    if "uvloop" in sys.modules:
        loops.append(sys.modules["uvloop"].Loop)
    for loop in loops:
        loop.create_connection = _tunnelled_loop(loop.create_connection, port)


def is_own(host: Any) -> bool:
    """Whether `host` is the sandbox itself; what is no host at all is left to fail as it does anywhere."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("latin-1")
    if not isinstance(host, str):
        return True
    name = host.lower().rstrip(".")
    return name in ("", "localhost", "::1", "::", "0.0.0.0") or name.startswith("127.") or name == socket.gethostname().lower()


def _tunnelled(original: Any, proxy_port: int) -> Any:
    @functools.wraps(original)
    def create_connection(address: Any, *arguments: Any, **named: Any) -> socket.socket:
        if is_own(address[0]):
            return original(address, *arguments, **named)  # type: ignore[no-any-return]
        timeout = arguments[0] if arguments else named.get("timeout", socket._GLOBAL_DEFAULT_TIMEOUT)  # type: ignore[attr-defined]
        connection: socket.socket = original(("127.0.0.1", proxy_port), timeout)
        wished = connection.gettimeout()
        try:
            if wished is None:
                connection.settimeout(CONNECT_SECONDS)
            open_tunnel(connection, address[0], address[1])
            connection.settimeout(wished)
        except BaseException:
            connection.close()
            raise
        return connection

    return create_connection


def _tunnelled_loop(original: Any, proxy_port: int) -> Any:
    @functools.wraps(original)
    async def create_connection(self: Any, protocol_factory: Any, host: Any = None, port: Any = None, **named: Any) -> Any:
        if is_own(host) or named.get("sock") is not None:
            return await original(self, protocol_factory, host, port, **named)
        # In a thread: the handshake reads byte by byte, so that nothing of what follows is taken.
        connect = functools.partial(socket.create_connection, (host, port), CONNECT_SECONDS)
        connection: socket.socket = await self.run_in_executor(None, connect)
        try:
            connection.setblocking(False)
            if named.get("ssl") and named.get("server_hostname") is None:
                named["server_hostname"] = host
            # About the resolution of names, which is the proxy's here.
            for option in ("family", "proto", "flags", "local_addr", "happy_eyeballs_delay", "interleave", "all_errors"):
                named.pop(option, None)
            return await original(self, protocol_factory, sock=connection, **named)
        except BaseException:
            connection.close()
            raise

    return create_connection


def open_tunnel(connection: socket.socket, host: Any, port: Any) -> None:
    """Asks the proxy behind `connection` to lead it to `host`:`port`. @raises OSError with the proxy's words when it does not."""
    name = host if isinstance(host, str) else bytes(host).decode("latin-1")
    authority = f"[{name}]" if ":" in name else name if name.isascii() else name.encode("idna").decode()
    if any(character <= " " for character in authority):
        raise socket.gaierror(socket.EAI_NONAME, f"{host!r} is no name of a host")
    target = f"{authority}:{_port_number(port)}"
    connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    head = _read_head(connection)
    status = head[9:12].decode("latin-1")
    if status == "200":
        return
    words = _read_words(connection) or f"The platform's proxy answered {status or 'nothing'} for {target}."
    if status == "504":
        raise TimeoutError(errno.ETIMEDOUT, words)
    raise ConnectionRefusedError(errno.ECONNREFUSED, words)


def _port_number(port: Any) -> int:
    """As getaddrinfo takes it: a number, one in digits, or a service's name."""
    try:
        return int(port)
    except ValueError:
        return socket.getservbyname(port if isinstance(port, str) else bytes(port).decode("latin-1"))


def _read_head(connection: socket.socket) -> bytes:
    head = bytearray()
    while not head.endswith(b"\r\n\r\n") and len(head) < MOST_HEAD_BYTES:
        byte = connection.recv(1)
        if not byte:
            break
        head += byte
    return bytes(head)


def _read_words(connection: socket.socket) -> str:
    words = b""
    try:
        while len(words) < MOST_WORDS_BYTES and (chunk := connection.recv(MOST_WORDS_BYTES)):
            words += chunk
    except OSError:
        pass
    return words.decode("utf-8", "replace").strip()


def _explained(original: Any) -> Any:
    @functools.wraps(original)
    def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return original(host, *arguments, **named)
        except socket.gaierror as error:
            # An app whose environment names no proxy has turned it off itself.
            if is_own(host) or not any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
                raise
            shown = host.decode("latin-1") if isinstance(host, bytes) else host
            raise socket.gaierror(error.errno, f"{shown} cannot be looked up in here: {_HOW}") from None

    return getaddrinfo
