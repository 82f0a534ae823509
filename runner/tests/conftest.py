"""Real runners, forked from a real zygote as the platform does it, without the sandbox."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pods import Door, PodProcess, StartPod

RUNNER = Path(__file__).parent.parent


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("test.localhost", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Zygote:
    """The real one, without a sandbox: what the platform does on a machine that has none."""

    def __init__(self, folders: Path) -> None:
        self.folders = folders
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(folders / "zygote.sock"))
        self.listener.listen(16)
        self.listener.settimeout(30)
        ours, theirs = socket.socketpair()
        ours.settimeout(30)
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "fp_runner", "zygote"],
            preexec_fn=lambda: os.dup2(theirs.fileno(), 3),
            close_fds=False,
            env={**os.environ, "PYTHONPATH": str(RUNNER), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        theirs.close()
        self.control = ours
        self.lines = ours.makefile("r")
        config = {"isolated": False, "seccomp": "", "folders": str(folders), "folderInside": "", "tmpBytes": 0, "shmBytes": 0}
        self.send({"type": "config", **config, "rlimits": {"core": [0, 0]}, "probe": "", "user": None})
        assert json.loads(self.lines.readline())["type"] == "ready"

    def send(self, message: dict[str, Any]) -> None:
        self.control.sendall(json.dumps(message).encode() + b"\n")

    def fork(self, instance: str) -> tuple[int, dict[str, socket.socket]]:
        """A forked instance that was told to go: its init's number and its four sockets."""
        self.send({"type": "fork", "instance": instance, "user": None, "awaited": False})
        channels: dict[str, socket.socket] = {}
        while len(channels) < 4:
            channel, _ = self.listener.accept()
            channel.settimeout(20)
            header = b""
            while not header.endswith(b"\n"):
                header += channel.recv(1)
            channels[json.loads(header)["channel"]] = channel
        born = json.loads(self.lines.readline())
        assert (born["type"], born["instance"]) == ("forked", instance)
        channels["lifeline"].sendall(b"g")
        return born["pid"], channels

    def close(self) -> None:
        self.lines.close()
        self.control.close()
        assert self.process.wait(10) == 0
        self.listener.close()


class Runner:
    """A warm runner and its lines to the platform."""

    def __init__(self, zygote: Zygote, instance: str) -> None:
        folder = zygote.folders / instance
        self.code = folder / "code"
        self.code.mkdir(parents=True)
        self.socket_path = str(folder / "app.sock")
        self.pid, channels = zygote.fork(instance)
        self.channels = channels
        self.control = channels["control"]
        self.lines = self.control.makefile("r")
        self.stdout = channels["stdout"].makefile("rb")
        self.stderr = channels["stderr"].makefile("rb")
        self.ending = channels["lifeline"].makefile("r")

    def wait(self) -> dict[str, Any]:
        """How it ended, as its init tells."""
        line = self.ending.readline()
        return json.loads(line) if line else {"type": "killed"}

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
        self.channels["lifeline"].shutdown(socket.SHUT_RDWR)
        for file in (self.lines, self.stdout, self.stderr, self.ending, *self.channels.values()):
            file.close()


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    with tempfile.TemporaryDirectory(prefix="fp-") as folder:
        started = Zygote(Path(folder))
        yield started
        started.close()


@pytest.fixture
def start(zygote: Zygote) -> Iterator[Callable[[], Runner]]:
    runners: list[Runner] = []

    def start_one() -> Runner:
        runners.append(Runner(zygote, os.urandom(4).hex()))
        return runners[-1]

    yield start_one
    for runner in runners:
        runner.close()


@pytest.fixture
def runner(start: Callable[[], Runner]) -> Runner:
    return start()


@pytest.fixture
def start_pod(tmp_path: Path) -> Iterator[StartPod]:
    started: list[PodProcess] = []

    def start_one(mode: str = "warm", folder: str = "pod", **named: Any) -> PodProcess:
        started.append(PodProcess(tmp_path / folder, mode, **named))
        return started[-1]

    yield start_one
    for pod in started:
        pod.close()


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.listener.close()
