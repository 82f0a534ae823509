"""How a pod's runner ended: what its platform reads of it, and what the container's end says to the kubelet."""

import json
import os
import signal
from dataclasses import dataclass
from typing import Any

# As much as the kubelet keeps.
MOST_MESSAGE_BYTES = 4096
ELLIPSIS = "… "


@dataclass(frozen=True)
class End:
    """`kind`: `exit` by itself, `signal`, or `memory`: the kernel killed it for what it used."""

    kind: str
    code: int | None
    # Its number.
    signal: int | None
    peak_mib: int | None
    limit_mib: int | None

    @classmethod
    def of(cls, status: int, *, killed_for_memory: bool, peak_mib: int | None, limit_mib: int | None) -> "End":
        """`status` as `waitpid` gives it."""
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            return cls("exit", code, None, peak_mib, limit_mib)
        # A process that the app started may have been killed for memory long before the app itself ended for another reason.
        kind = "memory" if killed_for_memory and -code == signal.SIGKILL else "signal"
        return cls(kind, None, -code, peak_mib, limit_mib)

    @property
    def exit_code(self) -> int:
        """The container's own, as a shell tells it."""
        return 128 + self.signal if self.signal is not None else self.code or 0

    def to_json(self) -> dict[str, Any]:
        name = None if self.signal is None else _signal_name(self.signal)
        return {"kind": self.kind, "code": self.code, "signal": name, "peakMiB": self.peak_mib, "limitMiB": self.limit_mib}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # A real-time signal.
        return f"SIG{number}"


def write_termination_message(path: str, end: End, error: dict[str, Any] | None) -> None:
    """Tells the kubelet; a container without such a file has nobody to tell."""
    try:
        with open(path, "wb") as file:
            file.write(encode_message(end, error))
    except OSError:
        pass


def encode_message(end: End, error: dict[str, Any] | None) -> bytes:
    """JSON of at most 4096 bytes. A traceback is told from its end, where the error stands."""
    shown: dict[str, Any] = end.to_json()
    if error is not None:
        shown["error"] = dict(error)
    for name, keep_end in (("traceback", True), ("message", False), ("type", False), ("file", True)):
        encoded = _encode(shown)
        while len(encoded) > MOST_MESSAGE_BYTES and len(shown.get("error", {}).get(name) or "") > len(ELLIPSIS):
            text = shown["error"][name].strip(ELLIPSIS)
            # Characters of more than one byte: the excess in bytes is at least the excess in quarters of characters.
            kept = len(text) - max(1, (len(encoded) - MOST_MESSAGE_BYTES) // 4 + len(ELLIPSIS))
            shown["error"][name] = (ELLIPSIS + text[-kept:] if keep_end else text[:kept] + ELLIPSIS) if kept > 0 else ""
            encoded = _encode(shown)
    return _encode(shown)


def _encode(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
