"""Serves apps by plain uvicorn, as the peer that the platform is compared with.

Reads lines `<folder> <port> <module:attribute> [factory]` and answers each with `ready` or `failed` once the port accepts.
Each app runs in a forked child that has imported nothing but uvicorn and FastAPI, so that 500 apps take minutes, not an hour;
what serves is uvicorn's own `run` with its defaults. A line `end` ends the last child.
"""

import json
import os
import signal
import socket
import sys
import time

import fastapi  # noqa: F401  (shared by the forked children)
import uvicorn


def serve(folder: str, port: int, target: str, factory: bool, environment: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.update(environment)
    sys.path.insert(0, folder)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    uvicorn.run(target, port=port, factory=factory, log_level="critical", access_log=False)


def wait_until_ready(child: int, port: int) -> bool:
    for _ in range(400):
        if os.waitpid(child, os.WNOHANG)[0] == child:
            return False
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.02)
    return False


def main() -> None:
    child = 0
    for line in sys.stdin:
        if child:
            try:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            child = 0
        order = json.loads(line)
        if order == "end":
            print("ended", flush=True)
            continue
        child = os.fork()
        if child == 0:
            try:
                serve(order["folder"], order["port"], order["target"], order["factory"], order["env"])
            finally:
                os._exit(1)
        ready = wait_until_ready(child, order["port"])
        if not ready:
            child = 0
        print("ready" if ready else "failed", flush=True)


main()
