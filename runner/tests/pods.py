"""A pod as a plain process: the real commands with the environment that a container has, and the platform's half of the hand-off."""

import hashlib
import hmac
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RUNNER = Path(__file__).parent.parent
KEY = "pool-key-" * 5
HELLO = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root():\n    return 'hello'\n"


def slow_app(seconds: float) -> str:
    """Its `/slow` takes so long; it says when a request is in flight, and when its lifespan has ended."""
    return f"""
import asyncio
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    yield
    print("lifespan ended", flush=True)

app = FastAPI(lifespan=lifespan)

@app.get("/slow")
async def slow():
    print("in flight", flush=True)
    await asyncio.sleep({seconds})
    return "finished"
"""


def free_port() -> int:
    """Below what the kernel gives to whoever asks for any port, so that none takes it before the pod does."""
    while True:
        port = random.randrange(20_000, 32_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


def wait_for(found: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
    return result


class Door:
    """Where the platform's way out listens: takes connections and their first line."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(20)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self) -> tuple[str, socket.socket]:
        connection, _ = self.listener.accept()
        connection.settimeout(20)
        line = b""
        while not line.endswith(b"\n"):
            line += connection.recv(1)
        return line.decode().rstrip("\n"), connection


class HandOff:
    """One connection to the control port."""

    def __init__(self, pod: "PodProcess", key: str = KEY, uid: str | None = None) -> None:
        self.pod, self.key, self.uid = pod, key.encode(), uid or pod.uid
        self.socket = socket.create_connection(("127.0.0.1", pod.control_port), 20)
        self.lines = self.socket.makefile("r")
        self.nonce = os.urandom(32).hex()
        pod.connections.append(self)

    def close(self) -> None:
        self.lines.close()
        self.socket.close()

    def send(self, message: dict[str, Any]) -> None:
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def read(self) -> dict[str, Any]:
        try:
            line = self.lines.readline()
        except ConnectionResetError:
            line = ""
        return json.loads(line) if line else {"type": "closed"}

    def hello(self) -> dict[str, Any]:
        self.send({"type": "hello", "nonce": self.nonce})
        return self.read()

    def mac(self, text: str) -> str:
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()

    def claim(self, proof: dict[str, Any], payload: str) -> None:
        hashed = hashlib.sha256(payload.encode()).hexdigest()
        mac = self.mac(f"fp-platform|{self.uid}|{proof['nonce']}|{self.nonce}|{hashed}")
        self.send({"type": "claim", "mac": mac, "payload": payload})

    def give(self, files: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
        """The whole of it; what the pod said after the claim, up to its closing the connection."""
        self.claim(self.hello(), claim_json(files, instance=self.pod.name, **changes))
        return self.rest()

    def rest(self) -> list[dict[str, Any]]:
        said = []
        while (message := self.read())["type"] != "closed":
            said.append(message)
        return said


def claim_json(files: dict[str, Any] | None = None, **changes: Any) -> str:
    claim = {"mode": "serve", "instance": "pod-1", "appId": "0123456789abcdef01234567", "slug": "test", "version": 3, "entrypoint": "app.py", "env": {}}
    claim |= {"database": None, "sessionKey": "secret", "concurrency": 80, "loadMs": 20_000, "memoryMiB": 256, "door": None}
    return json.dumps({**claim, **({} if files is None else {"files": files}), **changes})


class PodProcess:
    def __init__(self, folder: Path, mode: str = "warm", door: Door | None = None, **environment: str) -> None:
        self.folder, self.uid, self.name = folder, os.urandom(8).hex(), "pod-1"
        folder.mkdir(exist_ok=True)
        self.app_port, self.control_port, self.egress_port = free_port(), free_port(), free_port()
        given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(RUNNER), "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder)}
        given |= {"FP_POD_UID": self.uid, "FP_POD_NAME": self.name, "FP_FOLDER": str(folder), "FP_APP_PORT": str(self.app_port)}
        given |= {"FP_CONTROL_PORT": str(self.control_port), "FP_EGRESS_PORT": str(self.egress_port), "FP_TERMINATION_LOG": str(folder / "end")}
        given |= {"FP_POOL_KEY": KEY} if mode == "warm" else {}
        given |= {} if door is None else {"FP_DOOR": door.address}
        given |= {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "OTHER_SECRET": "other-secret"} | environment
        command = [sys.executable, "-m", "fp_runner", mode]
        self.process = subprocess.Popen(command, env=given, stdout=subprocess.PIPE, cwd=folder)
        self.connections: list[HandOff] = []
        self.printed: list[bytes] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.printed.extend(self.process.stdout)

    def readiness(self) -> int:
        """What the kubelet gets; 0 while nothing listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.control_port, timeout=10)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def wait_until_ready(self) -> "PodProcess":
        wait_for(lambda: self.readiness() == 200 or self.process.poll() is not None)
        assert self.process.poll() is None, "it has ended"
        return self

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.app_port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def wait(self) -> tuple[int, dict[str, Any]]:
        """Its exit code and termination message."""
        code = self.process.wait(60)
        self.reader.join(20)
        return code, json.loads((self.folder / "end").read_bytes())

    def close(self) -> None:
        for connection in self.connections:
            connection.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(20)
        self.reader.join(20)
        if self.process.stdout is not None:
            self.process.stdout.close()


StartPod = Callable[..., PodProcess]
