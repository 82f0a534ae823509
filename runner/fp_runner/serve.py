"""Serves the app that the environment names: what `fp dev` runs. A Deployment's pods run `pod` by the same command."""

import os
import socket

from .control import SilentControl
from .run import Claim, run
from .server import new_event_loop


def main() -> int:
    """`CODE_PATH`, `FP_ENTRYPOINT`, `FP_SOCKET` or `FP_PORT` (8000) and `FP_HOST`, `FP_INSTANCE`, `PLATFORM_MONGO_URI`."""
    environment = os.environ
    path = environment.get("FP_SOCKET")
    if path:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
    else:
        listener = socket.create_server((environment.get("FP_HOST", "127.0.0.1"), int(environment.get("FP_PORT", "8000"))))
    listener.listen(2048)
    listener.setblocking(False)
    claim = Claim(
        instance=environment.get("FP_INSTANCE", ""),
        code_path=environment.get("CODE_PATH", "."),
        entrypoint=environment.get("FP_ENTRYPOINT", "app.py"),
        app_id=environment.get("FP_APP_ID", ""),
        mongo_uri=environment.get("PLATFORM_MONGO_URI"),
    )
    return run(claim, listener, SilentControl(), new_event_loop())
