"""Starts a sandboxed runner: the last step that still has the platform's rights.

Called as `python -I launch.py '<json>'`, with the platform's control socket as descriptor 3. It binds the app's listening socket
(inherited as 4, so that the run folder can be read-only inside), enters the cgroups, sets the limits, opens the seccomp filter
(5), and becomes `argv`. Standard library only and no imports beyond need: this is in the way of every cold start.
"""

import json
import os
import resource
import socket
import sys

LISTEN_FD = 4
SECCOMP_FD = 5
CONTROL_FD = 3
# As many as a burst on a waking app may bring at once; the kernel cuts it to net.core.somaxconn.
BACKLOG = 2048


def place(fd: int, wanted: int) -> None:
    """Makes `fd` known as `wanted` in the program that this process becomes."""
    if fd == wanted:
        os.set_inheritable(fd, True)
    else:
        os.dup2(fd, wanted, inheritable=True)


def main(order: dict) -> None:
    """Does what `order` says and does not return. Raises OSError when the machine refuses."""
    # Taken before anything is opened, so that neither is overwritten.
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(order["socketPath"])
    listener.listen(BACKLOG)
    filter_fd = os.open(order["seccompPath"], os.O_RDONLY) if order.get("seccompPath") else None
    for path in order.get("cgroupProcs", []):
        with open(path, "w") as procs:
            procs.write(str(os.getpid()))
    for name, limits in order.get("rlimits", {}).items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), tuple(limits))
    for fd in held:
        os.close(fd)
    place(listener.fileno(), LISTEN_FD)
    if filter_fd is not None:
        place(filter_fd, SECCOMP_FD)
    os.set_inheritable(CONTROL_FD, True)
    os.execvpe(order["argv"][0], order["argv"], os.environ)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
