"""From a bundle to an answer, and to the end: what a warm runner does after its claim and `serve` from the start."""

import asyncio
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from .control import Control, SilentControl
from .exception_log import ExceptionLog
from .failure import Failure, describe
from .fresh import refresh
from .loader import LoadFailed, LoadInterrupted, load
from .middleware import Platform
from .proxies import use_proxy
from .server import Server, make_server
from .workspace import make_workspace

# The exit code of a runner whose app did not start; what went wrong has been told by then.
NOT_STARTED = 3


@dataclass(frozen=True)
class Claim:
    """What a runner is given, once."""

    instance: str
    code_path: str
    entrypoint: str = "app.py"
    app_id: str = ""
    version: int = 0
    env: dict[str, str] = field(default_factory=dict)
    mongo_uri: str | None = None
    session_key: str | None = None
    # For the import; 0 is without end. Ended from inside, it can say where the app's code was.
    load_seconds: float = 0
    # The loopback port that leads to the egress proxy; None where the network is the machine's own.
    relay_port: int | None = None

    @classmethod
    def from_message(cls, message: dict[str, Any], relay_port: int) -> "Claim":
        return cls(
            instance=message["instance"],
            code_path=message["codePath"],
            entrypoint=message["entrypoint"],
            app_id=message["appId"],
            version=message["version"],
            env=dict(message["env"]),
            mongo_uri=message["mongoUri"],
            session_key=message.get("sessionKey"),
            load_seconds=message.get("loadMs", 0) / 1000,
            relay_port=relay_port,
        )


def run(claim: Claim, listener: socket.socket, control: Control | SilentControl, loop: asyncio.AbstractEventLoop) -> int:
    """Loads and serves until it is told to end; the process's exit code."""
    started = time.perf_counter()
    os.environ.update(claim.env)
    if claim.mongo_uri is not None:
        os.environ["PLATFORM_MONGO_URI"] = claim.mongo_uri
    if claim.relay_port is not None:
        use_proxy(claim.relay_port)
    # Whatever a library drew before the claim must not be what every other runner draws.
    refresh()
    code_path = make_workspace(os.path.abspath(claim.code_path), claim.session_key)
    asyncio.set_event_loop(loop)
    signal.signal(signal.SIGALRM, _interrupt_load)
    signal.setitimer(signal.ITIMER_REAL, claim.load_seconds)
    try:
        loaded = load(code_path, claim.entrypoint)
    except LoadFailed as failed:
        return _fail(control, failed.to_error(), failed.to_report())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    control.send({"type": "loaded", "report": loaded.to_report()})
    log = ExceptionLog(control, app_id=claim.app_id, version=claim.version, mongo_uri=claim.mongo_uri)
    platform = Platform(loaded.app, instance=claim.instance, code_path=code_path, on_exception=log.add)
    server = make_server(platform, code_path=code_path)
    ready = []

    def on_ready() -> None:
        ready.append(True)
        control.send({"type": "ready", "ms": round((time.perf_counter() - started) * 1000, 1)})

    server.on_ready = on_ready  # type: ignore[method-assign]
    if isinstance(control, Control):
        loop.add_reader(control.socket.fileno(), _on_message, loop, control, server)
    try:
        loop.run_until_complete(server.serve(sockets=[listener]))
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        log.stop()
        _flush()
    if ready:
        return 0
    error = platform.lifespan_error
    failure = describe(error, code_path) if error is not None else Failure("LifespanError", "The app's lifespan reported that it cannot start.", "", claim.entrypoint, 1)
    lifespan_error = failure.to_json(kind="lifespan")
    return _fail(control, lifespan_error, {**loaded.to_report(), "ok": False, "error": lifespan_error})


def _interrupt_load(_signal: int, _frame: object) -> None:
    raise LoadInterrupted("The app was still being imported when its time was up.")


def _on_message(loop: asyncio.AbstractEventLoop, control: Control, server: Server) -> None:
    try:
        message = control.receive()
    except (OSError, ValueError):
        message = None
    if message is None:
        # The platform is gone, and with it every way to reach this app.
        loop.remove_reader(control.socket.fileno())
        server.drain(0)
    elif message.get("type") == "drain":
        server.drain(int(message.get("graceSeconds", 30)))


def _fail(control: Control | SilentControl, error: dict[str, Any], report: dict[str, Any]) -> int:
    _flush()
    control.send({"type": "failed", "error": error, "report": report})
    if isinstance(control, SilentControl):
        sys.stderr.write(error.get("traceback") or error["message"] + "\n")
    return NOT_STARTED


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
