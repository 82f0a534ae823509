"""Imports everything once and forks warm runners from it: each is there in milliseconds and shares the imported memory.

It reads orders from the platform over descriptor 3 and never runs user code. It holds nothing that an instance may not see: what
a fork inherits is Python, the packages, and no secret. Single-threaded, since a fork takes only one thread with it.
"""

import json
import os
import signal
import socket
import sys
import threading
from typing import Any, NoReturn

from . import isolate
from .control import CONTROL_FD, Control
from .init import Channels, Order, close_others, run
from .warm import preload

CHANNELS = ("lifeline", "control", "stdout", "stderr")


class Zygote:
    """Answers `{"type": "fork"}` with `{"type": "forked"}` and the process's number, or with `{"type": "failed"}`."""

    def __init__(self, control: Control, config: dict[str, Any]) -> None:
        self.control = control
        self.isolated = bool(config["isolated"])
        self.seccomp = bytes.fromhex(config["seccomp"])
        self.folders = str(config["folders"])
        self.folder_inside = str(config["folderInside"])
        self.tmp_bytes = int(config["tmpBytes"])
        self.shm_bytes = int(config["shmBytes"])
        self.rlimits = dict(config["rlimits"])

    def fork(self, message: dict[str, Any]) -> None:
        """Starts one instance. What goes wrong is told to the platform, by whichever process it went wrong in."""
        try:
            if os.fork() == 0:
                self._deliver(message)
        except OSError as error:
            self._fail(message, error)

    def try_out(self, instance: str, user: int | None) -> str | None:
        """Isolates a process that then ends; what the machine refused, or None."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                isolate.unshare(isolate.CLONE_NEWPID)
                # The mount of /proc needs the new namespace, which the next process is the first of.
                first = os.fork()
                if first == 0:
                    isolate.isolate(self._plan(instance, user))
                    os._exit(0)
                os.waitpid(first, 0)
                os._exit(0)
            except BaseException as error:
                os.write(writing, str(error).encode()[:500])
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as words:
            said = words.read()
        os.waitpid(pid, 0)
        return said.decode(errors="replace") or None

    def _plan(self, instance: str, user: int | None) -> isolate.Plan:
        folder = os.path.join(self.folders, instance)
        return isolate.Plan(folder, self.folder_inside, self.folders, self.tmp_bytes, self.shm_bytes, user, self.seccomp)

    def _deliver(self, message: dict[str, Any]) -> NoReturn:
        """Between zygote and init: its PID namespace begins with the next fork. It ends at once, and the zygote becomes the parent."""
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            instance = message["instance"]
            channels = {name: self._connect(instance, name) for name in CHANNELS}
            close_others({CONTROL_FD, *(channel.fileno() for channel in channels.values())})
            if self.isolated:
                isolate.unshare(isolate.CLONE_NEWPID)
            pid = os.fork()
            if pid == 0:
                os.close(CONTROL_FD)
                run(self._order(message), Channels(**channels))
            self.control.send({"type": "forked", "instance": instance, "pid": pid})
        except BaseException as error:
            self._fail(message, error)
        os._exit(0)

    def _order(self, message: dict[str, Any]) -> Order:
        instance = message["instance"]
        folder = os.path.join(self.folders, instance)
        plan = self._plan(instance, message["user"]) if self.isolated else None
        inside = self.folder_inside if self.isolated else folder
        return Order(instance, folder, inside, "/tmp" if self.isolated else folder, self.rlimits, plan)

    def _connect(self, instance: str, name: str) -> socket.socket:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        channel.connect(os.path.join(self.folders, "zygote.sock"))
        channel.sendall(json.dumps({"instance": instance, "channel": name}).encode() + b"\n")
        return channel

    def _fail(self, message: dict[str, Any], error: BaseException) -> None:
        self.control.send({"type": "failed", "instance": message["instance"], "message": f"{type(error).__name__}: {error}"})


def main() -> int:
    """Says `isolated` (or why not) before the imports and `ready` after them; exit code 0 when the platform closed the line."""
    control = Control.inherited()
    config = control.receive()
    if config is None:
        return 0
    zygote = Zygote(control, config)
    if zygote.isolated:
        # Only the platform's first zygote tries the machine out, on a folder that is gone when a later one starts.
        failure = zygote.try_out(config["probe"], config["user"]) if config["probe"] else None
        if failure is not None:
            control.send({"type": "refused", "message": failure})
            return 1
        control.send({"type": "isolated"})
    ms = preload()
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if others:
        control.send({"type": "refused", "message": f"a package started threads while it was imported: {', '.join(others)}"})
        return 1
    # Who delivers ends at once; the kernel collects it and, since this is who inherits them, the instances' inits.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if sys.platform == "linux":
        isolate.prctl(isolate.PR_SET_CHILD_SUBREAPER, 1)
    control.send({"type": "ready", "ms": ms})
    while True:
        order = control.receive()
        if order is None:
            return 0
        if order.get("type") == "fork":
            zygote.fork(order)
