"""How much memory a container used and whether the kernel killed a process of it for that, as its cgroup (v1 or v2) counts."""

import os
from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
# What "no limit" looks like in v1: the largest number of pages.
UNLIMITED_BYTES = 1 << 60


@dataclass(frozen=True)
class Names:
    limit: str
    peak: str
    events: str


V1 = Names("memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control")
V2 = Names("memory.max", "memory.peak", "memory.events")


class Memory:
    """The memory of this process's cgroup. Everything is unknown where no cgroup can be read, as in gVisor."""

    def __init__(self, root: str = "/sys/fs/cgroup", membership: str = "/proc/self/cgroup") -> None:
        self._folder, self._names = _find(root, membership)
        self._before = self._count_kills()

    def was_exceeded(self) -> bool:
        """Whether the kernel has killed a process for memory since this object was made."""
        return self._count_kills() > self._before

    @property
    def limit_mib(self) -> int | None:
        bytes_ = self._number(self._names.limit)
        return None if bytes_ is None or bytes_ >= UNLIMITED_BYTES else round(bytes_ / MEBIBYTE)

    @property
    def peak_mib(self) -> int | None:
        """Kernels before 5.19 do not tell it in v2."""
        bytes_ = self._number(self._names.peak)
        return None if bytes_ is None else round(bytes_ / MEBIBYTE)

    def _count_kills(self) -> int:
        for line in self._read(self._names.events).splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill" and count.isdigit():
                return int(count)
        return 0

    def _number(self, name: str) -> int | None:
        text = self._read(name).strip()
        return int(text) if text.isdigit() else None

    def _read(self, name: str) -> str:
        try:
            with open(os.path.join(self._folder, name)) as file:
                return file.read()
        except OSError:
            return ""


def _find(root: str, membership: str) -> tuple[str, Names]:
    """The folder of the own cgroup: a container has it at the root of the mount, whatever path the kernel names; a process beside one has not."""
    own = {"": "/", "memory": "/"}
    try:
        with open(membership) as file:
            for line in file:
                _, controllers, path = line.rstrip("\n").split(":", 2)
                for controller in controllers.split(","):
                    own[controller] = path
    except (OSError, ValueError):
        pass
    for base, path, names in ((os.path.join(root, "memory"), own["memory"], V1), (root, own[""], V2)):
        for folder in (base + path.rstrip("/"), base):
            if os.path.exists(os.path.join(folder, names.limit)):
                return folder, names
    return root, V2
