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
from .init import RELAY_PORT, Channels, Order, close_others, run
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
        self.way_back = isolate.find_way_back() if self.isolated else None

    def fork(self, message: dict[str, Any]) -> None:
        """Starts one instance. What goes wrong is told to the platform, by whichever process it went wrong in."""
        try:
            if self.isolated and self.way_back is None:
                if os.fork() == 0:
                    self._deliver(message)
                return
            pid = self._fork_apart()
        except OSError as error:
            self._fail(message, error)
            return
        if pid == 0:
            self._begin(message)
        self._tell_forked(message, pid)

    def _fork_apart(self) -> int:
        """A fork that is the first process of a PID namespace, while this one stays where it is."""
        if self.way_back is None:
            return os.fork()
        isolate.unshare(isolate.CLONE_NEWPID)
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                isolate.setns(self.way_back, isolate.CLONE_NEWPID)
        return pid

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
        """Between zygote and init where there is no way back from a namespace. It ends at once, and the zygote becomes the parent."""
        try:
            isolate.unshare(isolate.CLONE_NEWPID)
            pid = os.fork()
            if pid == 0:
                self._begin(message)
            self._tell_forked(message, pid)
        except BaseException as error:
            self._fail(message, error)
        os._exit(0)

    def _begin(self, message: dict[str, Any]) -> NoReturn:
        """The instance's first process, until it has its lines to the platform."""
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            channels = Channels(**{name: self._connect(message["instance"], name) for name in CHANNELS})
            order = self._order(message)
        except BaseException as error:
            self._fail(message, error)
            os._exit(1)
        close_others({channel.fileno() for channel in vars(channels).values()})
        run(order, channels)

    def _order(self, message: dict[str, Any]) -> Order:
        folder = os.path.join(self.folders, message["instance"])
        plan = self._plan(message["instance"], message["user"]) if self.isolated else None
        inside = self.folder_inside if self.isolated else folder
        home = "/tmp" if self.isolated else folder
        return Order(folder, inside, home, self.rlimits, plan, rehearses=not message["awaited"])

    def _connect(self, instance: str, name: str) -> socket.socket:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        channel.connect(os.path.join(self.folders, "zygote.sock"))
        channel.sendall(json.dumps({"instance": instance, "channel": name}).encode() + b"\n")
        return channel

    def _tell_forked(self, message: dict[str, Any], pid: int) -> None:
        self.control.send({"type": "forked", "instance": message["instance"], "pid": pid})

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
    ms = preload(RELAY_PORT if zygote.isolated else None)
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if others:
        control.send({"type": "refused", "message": f"a package started threads while it was imported: {', '.join(others)}"})
        return 1
    # The kernel collects what it forks: who delivers and, since this is who inherits them, the instances' inits.
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
