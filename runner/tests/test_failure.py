"""What an exception means to its author, also when it was made to mean harm."""

import json
import re
import threading
from pathlib import Path
from types import CodeType

import pytest

from fp_runner.control import SilentControl
from fp_runner.exception_log import ExceptionLog
from fp_runner.failure import LONGEST_MESSAGE, LONGEST_TRACEBACK, LONGEST_TYPE, MOST_LIBRARY_FRAMES, describe
from fp_runner.middleware import Platform

CODE = "/tmp/app"


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001
        return caught


class Wordless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Leaving(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)


def test_an_exception_without_words_is_told_of_all_the_same() -> None:
    failure = describe(raised(Wordless()), CODE)
    assert failure.message == "<its __str__ raised RuntimeError>"
    assert failure.type.endswith("Wordless")
    assert "Wordless" in failure.traceback


def test_an_exception_that_would_end_the_process_does_not() -> None:
    assert describe(raised(Leaving()), CODE).message == "<its __str__ raised SystemExit>"


def test_names_words_and_tracebacks_are_bounded() -> None:
    kind = type("N" * 100_000, (Exception,), {"__module__": "m" * 100_000})
    failure = describe(raised(kind("w" * 1_000_000)), CODE)
    assert len(failure.type) == LONGEST_TYPE
    assert len(failure.message) == LONGEST_MESSAGE
    assert len(failure.traceback) <= LONGEST_TRACEBACK


class Nameless(type):
    @property
    def __module__(cls) -> str:  # type: ignore[override]
        raise LookupError("no module")


def test_what_cannot_be_described_is_recorded_with_the_request() -> None:
    records: list[dict[str, object]] = []
    platform = Platform(lambda *_: None, instance="i", code_path=CODE, on_exception=records.append)
    error = Nameless("Hidden", (Exception,), {})("hidden")
    platform._report(error, "request", {"type": "http", "method": "GET", "path": "/"})
    assert records == [
        {
            "requestId": "request",
            "method": "GET",
            "path": "/",
            "type": "Exception",
            "message": "<the exception could not be described>",
            "traceback": "",
        }
    ]


def test_a_record_waits_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, object]] = []
    control = SilentControl()
    monkeypatch.setattr(control, "send", sent.append, raising=False)
    log = ExceptionLog(control, app_id="a", version=1, mongo_uri=None)

    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        log.add({"requestId": "first"})
    log.add({"requestId": "second"})
    log.stop()
    assert [message["record"]["requestId"] for message in sent] == ["first", "second"]  # type: ignore[index]


def frames_of(traceback: str) -> list[tuple[str, str]]:
    return re.findall(r'File "([^"]+)", line \d+, in (\S+)', traceback)


def in_app(tmp_path: Path, name: str, source: str) -> CodeType:
    file = tmp_path / name
    file.write_text(source)
    return compile(source, str(file), "exec")


def test_the_way_through_libraries_is_kept_after_the_app_and_named_as_theirs(tmp_path: Path) -> None:
    """The frames of this test led to the app and are left out; those of json come after it."""
    try:
        exec(in_app(tmp_path, "app.py", "import json\ndef load():\n    return json.loads('{')\nload()\n"), {})
    except json.JSONDecodeError as error:
        failure = describe(error, str(tmp_path))
    frames = frames_of(failure.traceback)
    assert frames[:2] == [("app.py", "<module>"), ("app.py", "load")]
    assert [name for _, name in frames[2:]] == ["loads", "decode", "raw_decode"]
    assert all(re.fullmatch(r"\.\.\./python3\.\d+/json/\w+\.py", file) for file, _ in frames[2:])
    assert (failure.file, failure.line) == ("app.py", 3)


def test_of_a_long_way_through_a_library_the_end_is_kept(tmp_path: Path) -> None:
    library = "def down(left, then):\n    return then() if left == 0 else down(left - 1, then)\n"
    space: dict[str, object] = {}
    exec(compile(library, "/elsewhere/deep.py", "exec"), space)
    try:
        exec(in_app(tmp_path, "app.py", "def fail():\n    1 / 0\ndown(40, fail)\n"), space)
    except ZeroDivisionError as error:
        frames = frames_of(describe(error, str(tmp_path)).traceback)
    assert frames[0] == ("app.py", "<module>") and frames[-1] == ("app.py", "fail")
    between = frames[1:-1]
    assert 0 < len(between) <= MOST_LIBRARY_FRAMES
    assert {file for file, _ in between} == {".../deep.py"}
