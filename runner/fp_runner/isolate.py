"""Takes a process out of the machine: namespaces, mounts, user and system call filter, in the order that the kernel allows.

Done by a fork of the zygote, before any user code is known. The zygote's own sandbox (made by bwrap) is the base: a read-only
system with only what Python needs. What differs per instance is made here. Linux only; Python 3.11 has no calls for these, so they
are made through libc.
"""

import ctypes
import fcntl
import functools
import os
import resource
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CLONE_NEWNS = 0x0002_0000
CLONE_NEWCGROUP = 0x0200_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x4_0000
# Flags that a mount may carry already and that a remount without privilege over it must repeat: statvfs's name and mount's.
KEPT_FLAGS = ((0x8, MS_NOEXEC), (0x400, 0x400), (0x800, 0x800), (0x1000, 0x20_0000))

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x2008_0522
LAST_CAPABILITY = 63

SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1


class FilterProgram(ctypes.Structure):
    """`struct sock_fprog` of <linux/filter.h>."""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


@dataclass(frozen=True)
class Plan:
    """What sets one instance apart. Paths as the zygote sees them."""

    # The instance's own folder, and where it and its account files appear.
    folder: str
    folder_inside: str
    # The folder of all instances, which must be gone from sight.
    hidden: str
    tmp_bytes: int
    shm_bytes: int
    # The user and group to become; None where the user namespace has no other.
    user: int | None
    # A compiled classic BPF program; empty where the architecture has none.
    seccomp: bytes


@functools.cache
def _libc() -> ctypes.CDLL:
    """One for all: what the zygote has looked up, its forks need not."""
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leaves the namespaces named by `flags`. Raises OSError."""
    _check(_libc().unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Enters the namespace of `kind` that `descriptor` holds open. Raises OSError."""
    _check(_libc().setns(descriptor, kind), "setns")


def find_way_back() -> int | None:
    """This process's PID namespace, held open, if it may be entered again: by root, and never in a user namespace."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        setns(own, CLONE_NEWPID)
    except OSError:
        os.close(own)
        return None
    return own


def prctl(option: int, value: int = 0, what: str = "prctl") -> None:
    """One `prctl` with a number. Raises OSError."""
    _check(_libc().prctl(option, ctypes.c_ulong(value), 0, 0, 0), what)


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """`mount(2)`. Raises OSError that names the target."""
    encoded = [None if text is None else text.encode() for text in (source, target, kind, data)]
    _check(_libc().mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]), f"mount {target}")


def bind_read_only(source: str, target: str) -> None:
    """Shows `source` at `target`, where nothing can be written through it."""
    mount(source, target, None, MS_BIND)
    present = os.statvfs(target).f_flag
    kept = sum(flag for found, flag in KEPT_FLAGS if present & found)
    mount(source, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | kept)


def enter_namespaces() -> None:
    """All but the PID namespace, which begins with the next fork and so belongs to who forks. After the cgroup was entered."""
    unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)
    try:
        unshare(CLONE_NEWCGROUP)
    except OSError:
        # Hides the path of the own cgroup; kernels without cgroup namespaces limit all the same.
        pass
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    socket.sethostname("app")
    raise_loopback()


def raise_loopback() -> None:
    """127.0.0.1 exists in a new network namespace, but is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def make_mounts(plan: Plan) -> None:
    """The instance's own view of the base: its processes, terminals, scratch space and folder, and nobody else's."""
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, f"size={plan.shm_bytes},mode=1777")
    mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, f"size={plan.tmp_bytes},mode=1777")
    for name in ("passwd", "group"):
        bind_read_only(os.path.join(plan.folder, name), f"/etc/{name}")
    bind_read_only(plan.folder, plan.folder_inside)
    # Covered rather than unmounted: in a user namespace what came from outside cannot be taken off, nor can this.
    mount("tmpfs", plan.hidden, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,mode=0")
    os.chdir("/tmp")


def drop_privileges(plan: Plan) -> None:
    """Becomes the instance's user without any capability, for good. The filter comes last: it refuses what is done before it."""
    libc = _libc()
    for capability in range(LAST_CAPABILITY + 1):
        # EINVAL past the kernel's last one.
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1, "no_new_privs")
    if plan.user is not None:
        os.setgroups([])
        os.setresgid(plan.user, plan.user, plan.user)
        os.setresuid(plan.user, plan.user, plan.user)
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    _check(libc.capset(header, bytes(24)), "capset")
    # The first process of the namespace holds the line to the platform: the app, of the same user, may not look into it.
    prctl(PR_SET_DUMPABLE, 0, "dumpable")
    if plan.seccomp:
        apply_filter(plan.seccomp)


def apply_filter(program: bytes) -> None:
    """Puts this process and all that it will start under the system call filter."""
    held = ctypes.create_string_buffer(program, len(program))
    compiled = FilterProgram(len(program) // 8, ctypes.addressof(held))
    _check(_libc().prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(compiled), 0, 0), "seccomp")


def isolate(plan: Plan) -> None:
    """Everything, in order. Raises OSError that names the step that the machine refused."""
    enter_namespaces()
    make_mounts(plan)
    drop_privileges(plan)


def set_limits(rlimits: Mapping[str, Sequence[int]]) -> None:
    """`{"nofile": [soft, hard]}`, by the names of `getrlimit(2)`."""
    for name, limits in rlimits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (limits[0], limits[1]))
