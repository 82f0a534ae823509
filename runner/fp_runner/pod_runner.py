"""The process in a pod that runs user code: forked from the container's first process before that one has read the pool's key."""

import contextlib
import os
import resource
import signal
import socket
import sys
from dataclasses import dataclass
from typing import NoReturn

from . import isolate
from .control import Control
from .init import close_others, leave
from .pod_settings import Settings

# As in a sandbox of one machine. Processes are not limited here: that limit counts a user's on the whole node.
LIMITS = {"core": 0, "nofile": 4096, "fsize": 256 * 1024 * 1024}
# The first to go when memory is short: the container's first process has to report it.
MOST_KILLABLE = b"1000"


@dataclass(frozen=True)
class RunnerProcess:
    """What the container's first process has of its runner."""

    pid: int
    control: socket.socket
    stdout: int
    stderr: int


def fork_runner(settings: Settings, mode: str, listener: socket.socket) -> RunnerProcess:
    """Forks it: with `mode` `warm` it imports what apps use before it says that it is warm. Takes over `listener`."""
    ours, theirs = socket.socketpair()
    stdout, stdout_writing = os.pipe()
    stderr, stderr_writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(settings, mode, listener, theirs, stdout_writing, stderr_writing)
    for descriptor in (stdout_writing, stderr_writing):
        os.close(descriptor)
    theirs.close()
    listener.close()
    return RunnerProcess(pid, ours, stdout, stderr)


def _become(settings: Settings, mode: str, listener: socket.socket, control: socket.socket, stdout: int, stderr: int) -> NoReturn:
    code = 1
    try:
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        close_others({listener.fileno(), control.fileno()})
        os.setsid()
        os.chdir(os.environ["HOME"])
        if sys.platform == "linux":
            _confine(settings)
        code = _run(Control(control), listener, settings.egress_port, mode)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    leave(code)


def _confine(settings: Settings) -> None:
    # First: what is not dumpable may not even write of itself. Only the parent is to stay closed.
    isolate.prctl(isolate.PR_SET_DUMPABLE, 1)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb", buffering=0) as file:
        file.write(MOST_KILLABLE)
    # Where the parent is the first process of the container, the kernel sees to it as well.
    isolate.prctl(isolate.PR_SET_PDEATHSIG, signal.SIGKILL)
    for name, most in LIMITS.items():
        _, hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        isolate.set_limits({name: (bound, bound)})
    isolate.prctl(isolate.PR_SET_NO_NEW_PRIVS, 1, "no_new_privs")
    if settings.seccomp:
        isolate.apply_filter(settings.filter)


def _run(control: Control, listener: socket.socket, egress_port: int, mode: str) -> int:
    from .warm import preload, wait_and_run

    # A Deployment's pod has its app already: what the app does not use it need not wait for.
    if mode == "warm":
        preload(egress_port)
    return wait_and_run(control, listener, egress_port, False)
