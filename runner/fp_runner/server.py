"""uvicorn on a socket that is already bound, telling when it answers and ending when it is told to."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from .failure import render, unwrap_group

# The gateway keeps its connections; it closes them itself well before this.
KEEP_ALIVE_SECONDS = 75


class StartupFailed(Exception):
    """The app's lifespan did not start; `cause` is what it raised, when that is known."""

    def __init__(self, cause: BaseException | None) -> None:
        super().__init__(str(cause) if cause else "The app's lifespan reported that it cannot start.")
        self.cause = cause


class Server(uvicorn.Server):
    """uvicorn's own server with two more moments: `on_ready` when it accepts, and `drain`."""

    on_ready: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.should_exit:
            return
        self.on_ready()

    def drain(self, grace_seconds: int) -> None:
        self.config.timeout_graceful_shutdown = grace_seconds
        self.should_exit = True


class AuthorsTracebacks(logging.Filter):
    """Cuts the tracebacks in uvicorn's log to the author's frames: the rest is ours, and names folders of the machine."""

    def __init__(self, code_path: str) -> None:
        super().__init__()
        self.code_path = code_path

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            record.msg = f"{record.getMessage().rstrip()}\n{render(unwrap_group(error), self.code_path).rstrip()}"
            record.args = ()
            record.exc_info = None
        return True


def make_server(app: Any, *, code_path: str, grace_seconds: int = 30) -> Server:
    """A server that answers as `python -m uvicorn` does. Its records of requests are the gateway's; its log says what went wrong."""
    errors = logging.getLogger("uvicorn.error")
    errors.setLevel(logging.WARNING)
    errors.addFilter(AuthorsTracebacks(code_path))
    config = uvicorn.Config(
        app,
        loop="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        lifespan="auto",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=grace_seconds,
        backlog=2048,
    )
    return Server(config)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop where there is one, as uvicorn would choose."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
