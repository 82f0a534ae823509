"""Real runners over a real socket pair, as the platform starts them, without the sandbox."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).parent.parent


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("test.localhost", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Runner:
    """A warm runner and its control line."""

    def __init__(self, folder: Path) -> None:
        self.code = folder / "code"
        self.code.mkdir(parents=True)
        self.socket_path = str(folder / "app.sock")
        ours, theirs = socket.socketpair()
        ours.settimeout(20)
        order = {
            "socketPath": self.socket_path,
            "argv": [sys.executable, "-u", "-m", "fp_runner", "warm"],
            "cgroupProcs": [],
            "rlimits": {"core": [0, 0]},
            "seccompPath": None,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(RUNNER / "fp_runner/launch.py"), json.dumps(order)],
            preexec_fn=lambda: os.dup2(theirs.fileno(), 3),
            close_fds=False,
            env={**os.environ, "PYTHONPATH": str(RUNNER), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self.control = ours
        self.lines = ours.makefile("r")

    def read(self) -> dict[str, Any]:
        line = self.lines.readline()
        return json.loads(line) if line else {"type": "closed"}

    def send(self, message: dict[str, Any]) -> None:
        self.control.sendall(json.dumps(message).encode() + b"\n")

    def claim(self, code: str | dict[str, str], **changes: Any) -> list[dict[str, Any]]:
        """Gives it an app; the messages up to `ready` or `failed`."""
        assert self.read()["type"] == "warm"
        for path, text in ({"app.py": code} if isinstance(code, str) else code).items():
            (self.code / path).parent.mkdir(parents=True, exist_ok=True)
            (self.code / path).write_text(text)
        given = {"type": "claim", "instance": "me", "appId": "a1", "slug": "test", "version": 1, "entrypoint": "app.py", "codePath": str(self.code)}
        self.send({**given, "env": {}, "mongoUri": None, "database": None, "concurrency": 80, **changes})
        messages = []
        while not messages or messages[-1]["type"] not in ("ready", "failed", "closed"):
            messages.append(self.read())
        return messages

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = UnixConnection(self.socket_path)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        result = (response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        connection.close()
        return result

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        self.lines.close()
        self.control.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Runner]]:
    runners: list[Runner] = []

    def start_one() -> Runner:
        runners.append(Runner(tmp_path / str(len(runners))))
        return runners[-1]

    yield start_one
    for runner in runners:
        runner.close()


@pytest.fixture
def runner(start: Callable[[], Runner]) -> Runner:
    return start()
