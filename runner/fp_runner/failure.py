"""What an exception means to the author of the app: file and line in their own code, and a traceback without the machinery."""

import linecache
import os
import sysconfig
import traceback
from dataclasses import dataclass
from types import TracebackType
from typing import Any

# More is no help to a person and could be made by an app at will.
LONGEST_TRACEBACK = 48_000
LONGEST_MESSAGE = 4_000
LONGEST_TYPE = 200
DEEPEST_CHAIN = 5
# Of each way through libraries, between the app's frames or after them: where it was left says the most.
MOST_LIBRARY_FRAMES = 10

# The innermost first: site-packages lie in the standard library's folder.
_library_roots = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), sysconfig.get_path("stdlib")}, key=len, reverse=True)


@dataclass(frozen=True)
class Failure:
    """An exception as it is shown: `file` is relative to the bundle, `line` and `column` count from 1."""

    type: str
    message: str
    traceback: str
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def to_json(self, **extra: Any) -> dict[str, Any]:
        shown = {"type": self.type, "message": self.message, "traceback": self.traceback, "file": self.file, "line": self.line}
        if self.column is not None:
            shown["column"] = self.column
        return {**extra, **{name: value for name, value in shown.items() if value is not None}}


def describe(error: BaseException, code_path: str) -> Failure:
    """Describes `error`, raised by the app whose files lie in `code_path`."""
    shown = unwrap_group(error)
    type_name = name_of(type(shown))
    if isinstance(shown, SyntaxError) and shown.filename:
        file, line, column = relative(shown.filename, code_path), shown.lineno, shown.offset or None
        message = shown.msg
    else:
        file, line, column = *last_user_frame(shown.__traceback__, code_path), None
        message = words_of(shown)
    return Failure(type_name, message[:LONGEST_MESSAGE], render(shown, code_path)[-LONGEST_TRACEBACK:], file, line, column)


def name_of(kind: type[BaseException]) -> str:
    """The exception's name as Python shows it, no longer than one would be."""
    module = str(kind.__module__)
    return (kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}")[:LONGEST_TYPE]


def words_of(error: BaseException) -> str:
    """What `str()` says of it, or that it says nothing: the exception happened all the same."""
    try:
        return str(error)
    except BaseException as broken:  # noqa: BLE001 (it is the app's own code)
        return f"<its __str__ raised {type(broken).__name__}>"[:LONGEST_MESSAGE]


def unwrap_group(error: BaseException) -> BaseException:
    """The single exception that a chain of task groups wrapped, since a middleware's group is not what went wrong."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def relative(filename: str, code_path: str) -> str | None:
    """`filename` relative to the bundle, or None when it is not one of its files."""
    # `<frozen importlib._bootstrap>` and the like are no paths, and would be taken for files of the working directory.
    inside = os.path.isabs(filename) and filename.startswith(code_path.rstrip("/") + "/")
    return os.path.relpath(filename, code_path) if inside else None


def last_user_frame(trace: TracebackType | None, code_path: str) -> tuple[str | None, int | None]:
    found: tuple[str | None, int | None] = (None, None)
    for frame, line in traceback.walk_tb(trace):
        file = relative(frame.f_code.co_filename, code_path)
        if file is not None:
            found = (file, line)
    return found


def render(error: BaseException, code_path: str) -> str:
    """The traceback of `error` and of what led to it, cut to the app's frames and to where they led through libraries.

    The app's files are named relative to the bundle, a library's as `.../site-packages/fastapi/routing.py`.
    """
    parts: list[str] = []
    current: BaseException | None = error
    for _ in range(DEEPEST_CHAIN):
        if current is None:
            break
        heading = ""
        following = current.__cause__
        if following is not None:
            heading = "\nThe above exception was the direct cause of the following exception:\n\n"
        elif current.__context__ is not None and not current.__suppress_context__:
            following = current.__context__
            heading = "\nDuring handling of the above exception, another exception occurred:\n\n"
        parts.append(heading + render_one(current, code_path))
        current = following
    return "".join(reversed(parts))


def render_one(error: BaseException, code_path: str) -> str:
    linecache.checkcache()
    frames = traceback.extract_tb(error.__traceback__)
    kept: list[traceback.FrameSummary] = []
    through: list[traceback.FrameSummary] = []
    for frame in frames:
        file = relative(frame.filename, code_path)
        if file is not None:
            kept += through[-MOST_LIBRARY_FRAMES:]
            through = []
            kept.append(_renamed(frame, file))
        # What led to the app is the server's own machinery; imports between its files are the interpreter's.
        elif kept and not frame.filename.startswith("<"):
            through.append(_renamed(frame, short_library_name(frame.filename)))
    if not kept and frames and not frames[-1].filename.startswith("<"):
        through = [_renamed(frames[-1], short_library_name(frames[-1].filename))]
    kept += through[-MOST_LIBRARY_FRAMES:]
    lines = ["Traceback (most recent call last):\n"] if kept else []
    lines += traceback.StackSummary.from_list(kept).format()
    lines += format_last_line(error)
    return "".join(lines).replace(code_path.rstrip("/") + "/", "")


def format_last_line(error: BaseException) -> list[str]:
    try:
        return traceback.format_exception_only(error)
    except BaseException:  # noqa: BLE001 (it is the app's own code)
        return [f"{name_of(type(error))}: {words_of(error)}\n"]


def short_library_name(filename: str) -> str:
    for root in _library_roots:
        if filename.startswith(root + os.sep):
            return f".../{os.path.basename(root)}/{os.path.relpath(filename, root)}"
    return f".../{os.path.basename(filename)}"


def _renamed(frame: traceback.FrameSummary, filename: str) -> traceback.FrameSummary:
    return traceback.FrameSummary(filename, frame.lineno, frame.name, line=frame.line, lookup_line=False)
