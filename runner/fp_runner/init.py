"""The first process of an instance: makes its sandbox, starts its runner, and ends all of it when either side is gone.

It is forked from the zygote and never runs user code. Its lifeline is a socket to the platform: the platform says `go` once the
process is in its cgroup, hears how the runner ended, and is known to be gone when the line closes. When this process ends, the
kernel ends every other one of its PID namespace.
"""

import asyncio
import gc
import json
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass
from typing import Any, NoReturn

from . import isolate
from .control import Control
from .relay import serve_relay

# In a network namespace of its own any port is free; without one the system chooses.
RELAY_PORT = 3128
BACKLOG = 2048
# Descriptors that anything before us may have opened; what an instance may open itself is limited to this many too.
MOST_DESCRIPTORS = 4096


@dataclass(frozen=True)
class Order:
    """One instance, as the platform asks for it. `plan` is None on a machine without sandboxes."""

    folder: str
    folder_inside: str
    home: str
    rlimits: dict[str, list[int]]
    plan: isolate.Plan | None
    # Whether its runner calls the rehearsal's app before it is warm: not while somebody waits for it.
    rehearses: bool


@dataclass(frozen=True)
class Channels:
    """The instance's sockets to the platform. All are open in the init until the runner has its own."""

    lifeline: socket.socket
    control: socket.socket
    stdout: socket.socket
    stderr: socket.socket


def run(order: Order, channels: Channels) -> NoReturn:
    """Never returns: the process is the instance's from here on."""
    try:
        os.setsid()
        gc.disable()
        # The zygote's own output is not the instance's; what goes wrong here is for the owner's log.
        os.dup2(channels.stderr.fileno(), 1)
        os.dup2(channels.stderr.fileno(), 2)
        if channels.lifeline.recv(1) != b"g":
            os._exit(0)
        listener = _listen(os.path.join(order.folder, "app.sock"))
        if order.plan is None:
            isolate.set_limits(order.rlimits)
        else:
            isolate.set_limits({name: limits for name, limits in order.rlimits.items() if name != "nproc"})
            isolate.isolate(order.plan)
            # Counted per user: before the change of user it would count the platform's own.
            isolate.set_limits({name: limits for name, limits in order.rlimits.items() if name == "nproc"})
        relay = socket.create_server(("127.0.0.1", RELAY_PORT if order.plan else 0))
    except Exception as error:
        _tell(channels.lifeline, {"type": "failed", "message": f"{type(error).__name__}: {error}"})
        os._exit(1)
    runner = os.fork()
    if runner == 0:
        _become_runner(order, channels, listener, relay)
    for inherited in (channels.control, channels.stdout, channels.stderr, listener):
        inherited.close()
    _wait_for_use(runner, channels.lifeline, relay)
    asyncio.run(_watch(runner, channels.lifeline, relay, os.path.join(order.folder_inside, "egress.sock")))
    os._exit(0)


def close_others(kept: set[int]) -> None:
    """Closes every descriptor but these and the standard ones: what the zygote holds is not the instance's."""
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, MOST_DESCRIPTORS)


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    # As many as a burst on a waking app may bring at once; the kernel cuts it to net.core.somaxconn.
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def _become_runner(order: Order, channels: Channels, listener: socket.socket, relay: socket.socket) -> NoReturn:
    from .warm import wait_and_run

    gc.enable()
    port = relay.getsockname()[1]
    channels.lifeline.close()
    relay.close()
    os.dup2(channels.stdout.fileno(), 1)
    os.dup2(channels.stderr.fileno(), 2)
    channels.stdout.close()
    channels.stderr.close()
    if sys.platform == "linux":
        isolate.prctl(isolate.PR_SET_DUMPABLE, 1)
        if order.plan is None:
            # In a PID namespace of its own the kernel sees to it.
            isolate.prctl(isolate.PR_SET_PDEATHSIG, signal.SIGKILL)
        _offer_to_out_of_memory_killer()
    os.environ["HOME"] = os.environ["TMPDIR"] = order.home
    code = 1
    try:
        code = wait_and_run(Control(channels.control), listener, port, order.rehearses)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    leave(code)


def leave(code: int) -> NoReturn:
    """Ends as an interpreter does, with its exit handlers and threads waited for, without going back into the frames of who forked it."""
    import atexit
    import threading

    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        pass
    os._exit(code)


def _offer_to_out_of_memory_killer() -> None:
    """Ahead of the init, which has to report it."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")
    except OSError:
        pass


def _wait_for_use(runner: int, lifeline: socket.socket, relay: socket.socket) -> None:
    """Watches until the app first goes out to the Internet. Most never do: an event loop would cost each 2 ms of a core and 2 MB."""
    lifeline.setblocking(False)
    signalled, wakeup = os.pipe()
    for descriptor in (signalled, wakeup):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    # Needed for the wake-up alone.
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
    poller = select.poll()
    for source in (signalled, lifeline.fileno(), relay.fileno()):
        poller.register(source, select.POLLIN)
    while True:
        # It may have ended before there was a handler.
        _reap(runner, lifeline)
        ready = {descriptor for descriptor, _ in poller.poll()}
        if signalled in ready:
            os.read(signalled, 512)
        if lifeline.fileno() in ready:
            _end_when_gone(lifeline)
        if relay.fileno() in ready:
            break
    signal.set_wakeup_fd(-1)
    os.close(signalled)
    os.close(wakeup)


async def _watch(runner: int, lifeline: socket.socket, relay: socket.socket, egress_path: str) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, _reap, runner, lifeline)
    loop.add_reader(lifeline.fileno(), _end_when_gone, lifeline)
    # It may have ended before there was a handler.
    _reap(runner, lifeline)
    await serve_relay(relay, egress_path)


def _reap(runner: int, lifeline: socket.socket) -> None:
    """Ends when the runner has: what is left is killed by the kernel with this process, or, without a namespace, by its own wish."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid == runner:
            code = os.waitstatus_to_exitcode(status)
            _tell(lifeline, {"type": "exit", "code": code if code >= 0 else None, "signal": -code if code < 0 else None})
            os._exit(0)


def _end_when_gone(lifeline: socket.socket) -> None:
    try:
        gone = not lifeline.recv(64)
    except BlockingIOError:
        return
    except OSError:
        gone = True
    if gone:
        os._exit(0)


def _tell(lifeline: socket.socket, message: dict[str, Any]) -> None:
    try:
        lifeline.setblocking(True)
        lifeline.sendall(json.dumps(message).encode() + b"\n")
    except OSError:
        pass
