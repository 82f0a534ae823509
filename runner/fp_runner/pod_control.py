"""A pod's control port: whether it is ready, for the kubelet, and the hand-off of one app, for the platform.

The first line of a connection says which: `GET /ready` is HTTP, a JSON object begins a hand-off, which goes line by line:

    platform  {"type":"hello","nonce":…}
    pod       {"type":"proof","nonce":…,"mac":…}, or {"type":"refused","reason":"claimed"|"lost"}
    platform  {"type":"claim","mac":…,"payload":"…"}
    pod       what its runner says of the start (`loaded`, `ready`, `failed`), or {"type":"ended",…} when it ended without a word,
              or {"type":"refused","reason":"draining"|"invalid"}; then the pod closes

The macs are `handoff`'s. Their key is known only to the platform and to pods that are not claimed yet: who cannot prove it changes
nothing, and is closed. The platform's half is `server/runtime/kubernetes/hand-off.ts`.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from .handoff import ClaimError, PodClaim, is_mac, is_nonce, parse_claim, platform_mac, pod_mac
from .pod_lines import Connection
from .pod_settings import Settings

# A handful is normal: the kubelet, and now and then one gateway.
MOST_CONNECTIONS = 32
LONGEST_WORD = 4 * 1024
# The files in base64 within a string within JSON.
LONGEST_CLAIM = 32 * 1024 * 1024
# For the first line, and from the pod's proof to the claim, which takes milliseconds with all files.
EXCHANGE_SECONDS = 15.0
PAUSE_SECONDS = 0.1


class Claimable(Protocol):
    """The pod, as its control port knows it."""

    @property
    def is_ready(self) -> bool: ...

    @property
    def refusal(self) -> str | None:
        """`claimed` or `lost`; None when it takes a claim."""

    @property
    def key(self) -> bytes: ...

    async def warmed(self) -> None:
        """Waits until it could take a claim, if it ever can."""

    async def accept(self, claim: PodClaim, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Takes the claim before it first waits; sends what its runner says of it, line by line, up to how it came out. Raises ClaimError."""


async def serve_control(listener: socket.socket, settings: Settings, pod: Claimable) -> None:
    """Answers at `listener` until it is cancelled."""
    listener.setblocking(False)
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[None]] = set()
    while True:
        try:
            client, _ = await loop.sock_accept(listener)
        except OSError:
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        if len(running) >= MOST_CONNECTIONS:
            client.close()
            continue
        task = loop.create_task(_serve(client, settings, pod))
        running.add(task)
        task.add_done_callback(running.discard)


async def _serve(client: socket.socket, settings: Settings, pod: Claimable) -> None:
    with client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(client)
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                first = await connection.read_line(LONGEST_WORD)
                if first.startswith(b"GET "):
                    await _answer_http(connection, first, pod)
                    return
            await pod.warmed()
            async with asyncio.timeout(EXCHANGE_SECONDS):
                claim = await _agree(connection, json.loads(first), settings, pod)
            if claim is not None:
                await pod.accept(claim, connection.send)
        except ClaimError as error:
            with contextlib.suppress(OSError):
                await connection.send_message({"type": "refused", "reason": "invalid", "message": str(error)})
        except (OSError, EOFError, ValueError, TypeError, AttributeError):
            # Whoever it was is gone, or does not speak this.
            return


async def _answer_http(connection: Connection, request: bytes, pod: Claimable) -> None:
    while (await connection.read_line(LONGEST_WORD)).strip():
        pass
    found = request.split(b" ")[1].partition(b"?")[0] == b"/ready"
    status, words = ("404 Not Found", "not found") if not found else ("200 OK", "ready") if pod.is_ready else ("503 Service Unavailable", "not ready")
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(words)}\r\nConnection: close\r\n\r\n"
    await connection.send((head + words).encode())


async def _agree(connection: Connection, hello: dict[str, Any], settings: Settings, pod: Claimable) -> PodClaim | None:
    """The claim, once both sides have proven who they are and nobody else was quicker. Raises ClaimError for one that makes no sense."""
    ours, theirs = os.urandom(32).hex(), hello.get("nonce")
    if hello.get("type") != "hello" or not isinstance(theirs, str) or not is_nonce(theirs):
        return None
    if pod.refusal is not None:
        await connection.send_message({"type": "refused", "reason": pod.refusal})
        return None
    await connection.send_message({"type": "proof", "nonce": ours, "mac": pod_mac(pod.key, settings.uid, theirs, ours)})
    order = await connection.read_message(LONGEST_CLAIM)
    payload = order.get("payload")
    if order.get("type") != "claim" or not isinstance(payload, str):
        return None
    # Before the mac: the key is gone once the pod is claimed.
    if pod.refusal is not None:
        await connection.send_message({"type": "refused", "reason": pod.refusal})
        return None
    if not is_mac(order.get("mac"), platform_mac(pod.key, settings.uid, theirs, ours, payload)):
        return None
    return parse_claim(payload, settings.code_path, settings.mongo_path)
