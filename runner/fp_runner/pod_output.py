"""From what an app prints to the container's own output: line by line, bounded, and with marks that no app can forge.

A line of stdout stands as it is, one of stderr behind `\\x1eE`, a message of the runner behind `\\x1eC`. Threads do it: where the
container runtime does not take a line, only the app that printed it waits.
"""

import json
import os
import threading
import time
from collections.abc import Mapping
from typing import Any

MARK = b"\x1e"
STDERR = MARK + b"E"
CONTROL = MARK + b"C"
# With its mark and the note of the cut a line stays below 16 KiB, where container runtimes cut by themselves.
LONGEST_LINE = 16 * 1024 - 64
CUT = " … (cut at 16 KiB)".encode()
CHUNK_BYTES = 64 * 1024
# An endless print slows its app, not the node: as much as the platform reads of an app on one machine, with 64 bytes for each line.
BYTES_PER_SECOND = 4 * 1024 * 1024
LINE_COST = 64
LAST_WORDS_BYTES = 8 * 1024


class Output:
    """Copies both streams of one runner until they end."""

    def __init__(self, target: int = 1) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._last_words = b""

    @property
    def last_words(self) -> str:
        """The end of stderr."""
        return self._last_words.decode("utf-8", "replace").strip()

    def copy(self, descriptor: int, mark: bytes) -> None:
        """Copies from `descriptor`, which is closed in the end, in a thread of its own."""
        thread = threading.Thread(target=self._copy, args=(descriptor, mark), name="output", daemon=True)
        self._threads.append(thread)
        thread.start()

    def tell(self, message: Mapping[str, Any]) -> None:
        """Writes a message of the runner. Waits as long as the container runtime does not take it."""
        self._write(CONTROL + json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def finish(self, seconds: float) -> None:
        """Waits for what is still to be copied."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _copy(self, descriptor: int, mark: bytes) -> None:
        lines, pace = Lines(), Pace(BYTES_PER_SECOND, BYTES_PER_SECOND)
        with os.fdopen(descriptor, "rb", buffering=0) as source:
            while chunk := source.read(CHUNK_BYTES):
                if mark == STDERR:
                    self._last_words = (self._last_words + chunk)[-LAST_WORDS_BYTES:]
                self._write_lines(lines.push(chunk), mark)
                time.sleep(pace.charge(len(chunk) + LINE_COST * chunk.count(b"\n"), time.monotonic()))
        self._write_lines(lines.end(), mark)

    def _write_lines(self, lines: list[bytes], mark: bytes) -> None:
        if lines:
            self._write(b"".join([mark + line.lstrip(MARK) + b"\n" for line in lines]))

    def _write(self, content: bytes) -> None:
        with self._lock:
            view = memoryview(content)
            try:
                while view:
                    view = view[os.write(self._target, view) :]
            except OSError:
                # Nobody reads it any more.
                return


class Lines:
    """Cuts bytes into lines of bounded length."""

    def __init__(self) -> None:
        self._held = b""
        self._cut = False

    def push(self, chunk: bytes) -> list[bytes]:
        *complete, rest = chunk.split(b"\n")
        if not complete:
            self._hold(rest)
            return []
        first = self._take(complete[0])
        self._hold(rest)
        return [first, *(bounded(line) for line in complete[1:])]

    def end(self) -> list[bytes]:
        return [self._take(b"")] if self._held or self._cut else []

    def _hold(self, part: bytes) -> None:
        room = LONGEST_LINE - len(self._held)
        self._cut = self._cut or len(part) > room
        self._held += part[:room]

    def _take(self, part: bytes) -> bytes:
        self._hold(part)
        line = whole_characters(self._held) + CUT if self._cut else self._held
        self._held, self._cut = b"", False
        return line


def bounded(line: bytes) -> bytes:
    return line if len(line) <= LONGEST_LINE else whole_characters(line[:LONGEST_LINE]) + CUT


def whole_characters(cut: bytes) -> bytes:
    """Without the beginning of a character whose rest was cut off."""
    for back in range(1, min(4, len(cut)) + 1):
        byte = cut[-back]
        if byte & 0xC0 != 0x80:
            wanted = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return cut if wanted <= back else cut[:-back]
    return cut


class Pace:
    """So many bytes a second, and `burst` at once."""

    def __init__(self, per_second: int, burst: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._budget = float(burst)
        self._last: float | None = None

    def charge(self, cost: int, now: float) -> float:
        """For how many seconds nothing should be read."""
        passed = 0.0 if self._last is None else max(0.0, now - self._last)
        self._last = now
        self._budget = min(self._burst, self._budget + passed * self._per_second) - cost
        return 0.0 if self._budget >= 0 else -self._budget / self._per_second
