"""The one thing that stands around the user's app: health, identity, where the request came from, and what was raised."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any

from .failure import Failure, describe
from .loader import Asgi

logger = logging.getLogger("uvicorn.error")

Scope = dict[str, Any]
HEALTH_PATH = "/_platform/health"
STATIC_PREFIX = "/static/"


class Platform:
    """A pure ASGI middleware: no task, no copy of bodies, a few microseconds a request."""

    def __init__(self, app: Asgi, *, instance: str, code_path: str, on_exception: Callable[[dict[str, Any]], None]) -> None:
        self.app = app
        self.instance = instance.encode("latin-1")
        self.code_path = code_path
        self.on_exception = on_exception
        self.lifespan_error: BaseException | None = None
        self.static = make_static(app, code_path)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._run_lifespan(scope, receive, send)
            return
        if scope["path"] == HEALTH_PATH:
            await answer(scope, send, 200, b'{"status":"ok"}')
            return
        request_id = ""
        forwarded = scheme = host = b""
        headers = []
        for header in scope["headers"]:
            name = header[0]
            if name[:5] == b"x-fp-":
                # Addresses are reused: a request that was meant for another instance must not be answered by this one.
                if name == b"x-fp-instance" and header[1] != self.instance:
                    await answer(scope, send, 421, b'{"detail":"This instance serves another app."}')
                    return
                continue
            if name == b"x-request-id":
                request_id = header[1].decode("latin-1")
            elif name == b"x-forwarded-for":
                forwarded = header[1]
            elif name == b"x-forwarded-proto":
                scheme = header[1]
            elif name == b"host":
                host = header[1]
            headers.append(header)
        scope["headers"] = headers
        restore_addresses(scope, forwarded, scheme, host)
        app = self.static if self.static is not None and self.static.serves(scope) else self.app
        answered = False

        async def watch(message: dict[str, Any]) -> None:
            nonlocal answered
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                answered = True
            await send(message)

        try:
            await app(scope, receive, watch)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._report(error, request_id, scope)
            # Frameworks answer 500 and raise on. uvicorn would then close the connection without having said so, and the
            # gateway's next request on it would be lost. What was answered in full is answered; the log gets what it would get.
            if not answered or not isinstance(error, Exception):
                raise
            logger.error("Exception in ASGI application\n", exc_info=error)

    async def _run_lifespan(self, scope: Scope, receive: Any, send: Any) -> None:
        try:
            await self.app(scope, receive, send)
        except BaseException as error:
            self.lifespan_error = error
            raise

    def _report(self, error: BaseException, request_id: str, scope: Scope) -> None:
        try:
            failure = describe(error, self.code_path)
        except BaseException:  # noqa: BLE001 (an exception of the app's own making must neither hide itself nor end the request)
            failure = Failure("Exception", "<the exception could not be described>", "")
        self.on_exception({"requestId": request_id, "method": scope.get("method", scope["type"]), "path": scope["path"], **failure.to_json()})


def restore_addresses(scope: Scope, forwarded: bytes, scheme: bytes, host: bytes) -> None:
    """What uvicorn would know had the client connected to it: over a Unix socket it knows neither client nor server."""
    if forwarded:
        scope["client"] = (forwarded.rpartition(b",")[2].strip().decode("latin-1"), 0)
    if scheme:
        secure = scheme.rpartition(b",")[2].strip() == b"https"
        scope["scheme"] = ("wss" if secure else "ws") if scope["type"] == "websocket" else ("https" if secure else "http")
    if host:
        name, _, port = host.decode("latin-1").rpartition(":")
        default = 443 if scope["scheme"] in ("https", "wss") else 80
        scope["server"] = (name, int(port)) if name and port.isdigit() else (host.decode("latin-1"), default)


async def answer(scope: Scope, send: Any, status: int, body: bytes) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Static:
    """Serves the bundle's `static/` folder for what the app itself has no route for."""

    def __init__(self, app: Asgi, folder: str) -> None:
        from starlette.routing import Match
        from starlette.staticfiles import StaticFiles

        self.routes = getattr(app, "routes", None) or []
        self.full = Match.FULL
        self.files = StaticFiles(directory=folder)

    def serves(self, scope: Scope) -> bool:
        if scope["type"] != "http" or not scope["path"].startswith(STATIC_PREFIX):
            return False
        return not any(route.matches(scope)[0] == self.full for route in self.routes if hasattr(route, "matches"))

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        from starlette.exceptions import HTTPException

        inner = {**scope, "root_path": scope.get("root_path", "") + STATIC_PREFIX.rstrip("/"), "app_root_path": scope.get("root_path", "")}
        try:
            await self.files(inner, receive, send)
        except HTTPException as error:
            await answer(scope, send, error.status_code, b'{"detail":"Not Found"}' if error.status_code == 404 else b'{"detail":"Method Not Allowed"}')


def make_static(app: Asgi, code_path: str) -> Static | None:
    folder = os.path.join(code_path, "static")
    return Static(app, folder) if os.path.isdir(folder) else None
