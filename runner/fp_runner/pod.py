"""The first process of a pod's container: it forks the one that runs user code, and never runs any itself.

It proves the pod to the platform, writes what it is given, copies the output, leads the way out, drains, collects the dead, and says
how it all ended. It is not dumpable: the app, of the same user, can look neither into its memory nor at its descriptors.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

from . import isolate
from .handoff import ClaimError, PodClaim, parse_claim, write_files
from .pod_control import serve_control
from .pod_door import find_door, listen_mongo, relay_egress, relay_mongo
from .pod_end import End, write_termination_message
from .pod_lines import Connection
from .pod_memory import Memory
from .pod_messages import Messages
from .pod_output import STDERR, Output
from .pod_runner import RunnerProcess, fork_runner
from .pod_settings import Settings, read_all, read_settings, take_pipes

# Gateways hear by their watch that the pod is to go; until they have, requests still come.
NOTICE_SECONDS = 1.0
GRACE_SECONDS = 30
# With the notice before it and the output after it this stays within the pod's own period of 35 s.
MOST_DRAIN_SECONDS = 31.0
# Between the end of the runner and the last of its output.
OUTPUT_SECONDS = 2.0
BACKLOG = 1024


class Pod:
    """One container's life. `serve` begins with its app, `warm` waits for one; without a runner it is lost and waits for its end."""

    def __init__(self, settings: Settings, mode: str, runner: RunnerProcess | None, egress: socket.socket, key: bytes) -> None:
        self.settings = settings
        self.key = key
        self._state = "lost" if runner is None else "warming" if mode == "warm" else "loading"
        self._draining = False
        # Its end was our wish, and says nothing of its app.
        self._let_go = False
        self._is_check = False
        self._runner = runner
        self._egress = egress
        self._memory = Memory()
        self._output = Output()
        self._messages = Messages(self._output, self._hear)
        self._warmed = asyncio.Event()
        if self._state != "warming":
            self._warmed.set()
        self._delivered = asyncio.Event()
        self._delivered.set()
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_ready(self) -> bool:
        return self._state in ("warm", "serving") and not self._draining

    @property
    def refusal(self) -> str | None:
        if self._state == "lost":
            return "lost"
        return None if self._state == "warm" and not self._draining else "claimed"

    async def warmed(self) -> None:
        """Waits while its runner still imports: what an app may take to load must not begin with that."""
        await self._warmed.wait()

    async def run(self, control: socket.socket) -> int:
        """Until its runner has ended, or, without one, until it is told to; the container's exit code."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._drain)
        self._start(serve_control(control, self.settings, self))
        if self._runner is None:
            return await self._status
        self._output.copy(self._runner.stdout, b"")
        self._output.copy(self._runner.stderr, STDERR)
        # The one thread that messages are written by, while there is surely room for one: an app may take all that a pod may have.
        await asyncio.to_thread(int)
        # It may have ended before there was a handler.
        self._reap()
        following = self._start(self._messages.follow(self._runner.control))
        if self._state == "loading":
            await self._begin()
        status = await self._status
        exceeded = self._memory.was_exceeded()
        end_group(self._runner.pid)
        # What it said last is still to be read.
        await asyncio.wait((following,), timeout=OUTPUT_SECONDS)
        return await self._finish(0 if self._let_go else status, exceeded)

    async def accept(self, claim: PodClaim, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Takes the claim, for good, and sends what the runner says of it. Raises ClaimError."""
        self._state = "loading"
        self.key = b""
        try:
            with open(self.settings.claimed_path, "x"):
                pass
            write_files(self.settings.code_path, claim.files)
        except (OSError, ClaimError) as error:
            self._kill()
            raise ClaimError(str(error)) from None
        self._delivered.clear()
        try:
            await self._give(claim)
            while (line := await self._messages.next_told()) is not None:
                await send(line)
        finally:
            self._delivered.set()

    async def _begin(self) -> None:
        """A Deployment's pod finds its claim in a Secret and its files in a ConfigMap."""
        path = os.path.join(self.settings.folder, "claim", "claim.json")
        try:
            with open(path, "rb") as file:
                claim = parse_claim(file.read(), self.settings.code_path, self.settings.mongo_path)
            # One Secret for all pods of a Deployment: each is its own instance.
            claim.message["instance"] = self.settings.name
        except (OSError, ClaimError) as error:
            self._messages.error = {"kind": "load", "type": "ClaimError", "message": f"The pod found no claim that it can use: {error}"}
            self._kill(let_go=False)
            return
        await self._give(claim)

    async def _give(self, claim: PodClaim) -> None:
        assert self._runner is not None
        self._is_check = claim.is_check
        door = find_door(self.settings, claim.app_id, claim.credential)
        if claim.has_database:
            self._start(relay_mongo(listen_mongo(self.settings.mongo_path), door))
        self._start(relay_egress(self._egress, door))
        await self._send(claim.message)

    async def _send(self, message: dict[str, Any]) -> None:
        assert self._runner is not None
        try:
            await Connection(self._runner.control).send_message(message)
        except OSError:
            # It has ended; how is known in a moment.
            return

    def _hear(self, kind: str) -> None:
        if kind == "warm" and self._state == "warming":
            self._state = "warm"
            self._warmed.set()
        elif kind == "ready" and self._state == "loading":
            self._state = "serving"
        if self._is_check and kind in ("loaded", "failed"):
            self._messages.close()
            self._kill()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _reap(self) -> None:
        """Collects whatever has ended: the first process of a container inherits the orphans of all others."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._runner is not None and pid == self._runner.pid:
                self._status.set_result(status)

    def _drain(self) -> None:
        if self._draining:
            return
        self._draining = True
        if self._runner is None:
            self._status.set_result(0)
        elif self._state == "serving":
            self._start(self._drain_app(self._runner))
        else:
            # Nobody waits for an answer of it.
            self._kill()

    async def _drain_app(self, runner: RunnerProcess) -> None:
        await asyncio.sleep(NOTICE_SECONDS)
        await self._send({"type": "drain", "graceSeconds": GRACE_SECONDS})
        await asyncio.sleep(MOST_DRAIN_SECONDS)
        os.kill(runner.pid, signal.SIGKILL)

    def _kill(self, let_go: bool = True) -> None:
        if self._runner is not None and not self._status.done():
            self._let_go = let_go
            os.kill(self._runner.pid, signal.SIGKILL)

    async def _finish(self, status: int, exceeded: bool) -> int:
        """Tells everybody how it ended, as long as they listen, and gives the exit code."""
        end = End.of(status, killed_for_memory=exceeded, peak_mib=self._memory.peak_mib, limit_mib=self._memory.limit_mib)
        write_termination_message(self.settings.termination_log, end, self._messages.error)
        await self._within(asyncio.to_thread(self._output.finish, OUTPUT_SECONDS))
        if self._draining:
            self._messages.close({"type": "refused", "reason": "draining"})
        else:
            self._messages.close({"type": "ended", **end.to_json(), "lastWords": self._output.last_words})
        await self._within(self._wait_for_delivery())
        return end.exit_code

    async def _within(self, work: Coroutine[Any, Any, None]) -> None:
        await asyncio.wait((self._start(work),), timeout=OUTPUT_SECONDS)

    async def _wait_for_delivery(self) -> None:
        await self._delivered.wait()


def end_group(runner: int) -> None:
    """Ends whatever the app left running, so that its output ends too."""
    try:
        if os.getpid() == 1:
            # Everything in this container but this process.
            os.kill(-1, signal.SIGKILL)
        else:
            os.killpg(runner, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def main(mode: str) -> NoReturn:
    """What a pod's container runs after `start_anew`: `warm` or `serve`."""
    if sys.platform == "linux":
        isolate.prctl(isolate.PR_SET_DUMPABLE, 0, "dumpable")
    settings_pipe, key_pipe = take_pipes()
    settings = read_settings(settings_pipe)
    egress = socket.create_server(("127.0.0.1", settings.egress_port), backlog=BACKLOG)
    control = listen(settings.control_port)
    control.listen(BACKLOG)
    runner = None
    if mode == "serve" or not os.path.exists(settings.claimed_path):
        # It listens only once it serves: a socket that accepts is an app that answers.
        runner = fork_runner(settings, mode, listen(settings.app_port))
    # Not before the fork: the runner's memory begins as a copy of this.
    key = read_all(key_pipe)

    async def live() -> NoReturn:
        code = await Pod(settings, mode, runner, egress, key).run(control)
        # At once: threads that still wait for the container runtime to take a line must not keep the container.
        os._exit(code)

    asyncio.run(live())
    raise AssertionError("a pod ends by itself")


def listen(port: int) -> socket.socket:
    """Bound to `port` of every address, for both versions of IP where the machine has both; it does not listen yet."""
    both = socket.has_dualstack_ipv6()
    listener = socket.socket(socket.AF_INET6 if both else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if both:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind(("::" if both else "0.0.0.0", port))
    return listener
