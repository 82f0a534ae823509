"""What a runner has done before its app is known: everything imported and rehearsed once, in the zygote, for all that it forks."""

import asyncio
import functools
import gc
import importlib
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

from .proxies import lead_out

if TYPE_CHECKING:
    from .control import Control

# What serving itself needs, and what a first query imports late: every runner has these.
ALWAYS = (
    "uvloop",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "uvicorn.lifespan.on",
    "email.mime.multipart",
    "multiprocessing",
    "concurrent.futures.thread",
    "anyio._backends._asyncio",
    "pymongo",
    "pymongo.asynchronous.mongo_client",
    "bson.json_util",
)

# What apps use and what takes time to import: chosen by `npm run bench -- imports` from what it measured (runner/preloads.json).
PRELOADED = (
    "fastapi",
    "pydantic.v1",
    "PIL",
    "PIL.ExifTags",
    "PIL.Image",
    "_ctypes",
    "aiohttp",
    "anyio.from_thread",
    "argon2",
    "argparse",
    "concurrent.futures.process",
    "ctypes",
    "ctypes._endian",
    "dateutil",
    "dateutil._common",
    "dateutil._tzdata_impl",
    "dateutil.parser",
    "dotenv",
    "fastapi.templating",
    "httpx",
    "itsdangerous",
    "jinja2",
    "jwt",
    "markdown",
    "markupsafe",
    "multiprocessing.queues",
    "pydantic._internal._dataclasses",
    "pydantic_settings",
    "pygments",
    "pygments.lexers",
    "requests",
    "starlette.authentication",
    "starlette.config",
    "starlette.endpoints",
    "starlette.middleware.authentication",
    "starlette.middleware.cors",
    "starlette.middleware.httpsredirect",
    "starlette.middleware.sessions",
    "starlette.middleware.trustedhost",
    "starlette.templating",
    "urllib.error",
    "urllib.request",
    "urllib.response",
    "xml",
    "xml.sax",
    "xml.sax._exceptions",
    "xml.sax.handler",
    "xml.sax.saxutils",
    "xml.sax.xmlreader",
)


# Of this package, what each runner would otherwise import for itself.
OWN = ("run", "server", "middleware", "exception_log", "loader", "workspace", "proxies")


def preload(relay_port: int | None) -> float:
    """Imports what apps use and freezes it for the collector; milliseconds. `relay_port`: where all forks' way out will be, if known."""
    started = time.perf_counter()
    for name in ALWAYS + PRELOADED:
        try:
            importlib.import_module(name)
        except ImportError:
            # A preload is a favour: an environment without the package serves all the same.
            continue
    for name in OWN:
        importlib.import_module(f"fp_runner.{name}")
    if relay_port is not None:
        # Changes to classes that everything uses: made here, no fork has to copy the memory that they lie in.
        lead_out(relay_port)
    rehearse()
    # The rehearsal's worker threads have been told to end: a fork must not happen beside them.
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(timeout=5)
    gc.collect()
    gc.freeze()
    return round((time.perf_counter() - started) * 1000, 1)


def rehearse() -> None:
    """Builds and calls a small app: the first schema, the first request and the first thread cost more than all that follow."""
    asyncio.run(_call_both(rehearsal_app()))
    _rehearse_database()


@functools.cache
def rehearsal_app() -> object:
    """One for all: made in the zygote, called in each of its forks."""
    from fastapi import FastAPI
    from pydantic import create_model

    model = create_model("Rehearsal", name=(str, ...), count=(int, 0))
    app = FastAPI()
    app.get("/{item}")(lambda item: {"item": item})
    app.post("/")(_accept(model))
    return app


def _rehearse_database() -> None:
    """Makes a client that connects nowhere: an app's own is then made in half the time."""
    try:
        from pymongo import MongoClient
    except ImportError:
        return
    MongoClient("mongodb://user:password@%2Ftmp%2Frehearsal.sock/db?directConnection=true&authSource=db", connect=False).close()


async def _call_both(app: object) -> None:
    await _call(app, "GET", "/first", b"")
    await _call(app, "POST", "/", b'{"name": "second"}')


async def _call(app: object, method: str, path: str, body: bytes) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        pass

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"rehearsal"), (b"content-type", b"application/json")],
        "client": None,
        "server": None,
        "state": {},
    }
    await app(scope, receive, send)  # type: ignore[operator]


def _accept(model: type) -> object:
    def accept(body: object) -> object:
        return body

    accept.__annotations__ = {"body": model}
    return accept


def wait_and_run(control: "Control", listener: socket.socket, relay_port: int, rehearses: bool) -> int:
    """In a fork of the zygote: says that it is warm, waits for the claim, and runs it. 0 when the platform let go of it unclaimed."""
    from .run import Claim, run
    from .server import new_event_loop

    if rehearses:
        # Once more for this process: memory that a request writes to is copied now, 3.5 ms that no visitor waits for. Building the app
        # anew as well would cost every fork 10 ms to save a wake one.
        asyncio.run(_call_both(rehearsal_app()))
    loop = new_event_loop()
    control.send({"type": "warm"})
    message = control.receive()
    if message is None or message.get("type") != "claim":
        return 0
    sys.argv = ["app"]
    return run(Claim.from_message(message, relay_port), listener, control, loop)
