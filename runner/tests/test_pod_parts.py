"""Parts of a pod's first process by themselves: lines, the memory that a cgroup counts, the message at the end."""

import json
import signal
from pathlib import Path

import pytest

from fp_runner.pod_end import MOST_MESSAGE_BYTES, End, encode_message
from fp_runner.pod_memory import Memory
from fp_runner.pod_output import CUT, LONGEST_LINE, Lines, Pace


def cut_anywhere(content: bytes, size: int) -> list[bytes]:
    lines = Lines()
    return [line for at in range(0, len(content), size) for line in lines.push(content[at : at + size])] + lines.end()


@pytest.mark.parametrize("size", [1, 7, 16 * 1024, 10**6])
def test_lines_are_the_same_however_they_arrive(size: int) -> None:
    content = b"one\n\n" + b"x" * LONGEST_LINE + b"\n" + b"y" * (LONGEST_LINE + 1) + b"\n" + "ä".encode() * LONGEST_LINE + b"\nlast"
    expected = [b"one", b"", b"x" * LONGEST_LINE, b"y" * LONGEST_LINE + CUT, "ä".encode() * (LONGEST_LINE // 2) + CUT, b"last"]
    assert cut_anywhere(content, size) == expected


@pytest.mark.parametrize("text", ["a€" * LONGEST_LINE, "b" + "😀" * LONGEST_LINE, "bc" + "😀" * LONGEST_LINE, "xyz" + "ä" * LONGEST_LINE])
def test_no_character_is_cut_in_two(text: str) -> None:
    (line,) = cut_anywhere(text.encode(), 1_000)
    assert text.startswith(line.removesuffix(CUT).decode()) and LONGEST_LINE - 4 < len(line) - len(CUT) <= LONGEST_LINE


def test_a_pace_lets_a_burst_through_and_then_waits() -> None:
    pace = Pace(100, 1_000)
    assert pace.charge(1_000, 0.0) == 0
    assert pace.charge(50, 0.0) == pytest.approx(0.5)
    assert pace.charge(50, 1.0) == 0


def make_v1(root: Path, kills: int) -> Path:
    (root / "memory").mkdir(parents=True, exist_ok=True)
    (root / "memory/memory.limit_in_bytes").write_text(f"{256 << 20}\n")
    (root / "memory/memory.max_usage_in_bytes").write_text(f"{200 << 20}\n")
    (root / "memory/memory.oom_control").write_text(f"oom_kill_disable 0\nunder_oom 0\noom_kill {kills}\n")
    (root / "membership").write_text("7:cpu,cpuacct:/x\n5:memory:/kubepods/pod1/c1\n0::/\n")
    return root


def make_v2(root: Path, kills: int, below: str = "", limit: str = str(256 << 20)) -> Path:
    (root / below).mkdir(parents=True, exist_ok=True)
    (root / below / "memory.max").write_text(f"{limit}\n")
    (root / below / "memory.peak").write_text(f"{200 << 20}\n")
    (root / below / "memory.events").write_text(f"low 0\nhigh 0\nmax 9\noom 2\noom_kill {kills}\noom_group_kill 0\n")
    (root / "membership").write_text(f"0::/{below}\n")
    return root


def read(root: Path) -> Memory:
    return Memory(str(root), str(root / "membership"))


def test_a_kill_for_memory_is_noticed_in_either_version(tmp_path: Path) -> None:
    for make in (make_v1, make_v2):
        root = make(tmp_path / make.__name__, 1)
        memory = read(root)
        assert (memory.limit_mib, memory.peak_mib, memory.was_exceeded()) == (256, 200, False)
        make(root, 2)
        assert memory.was_exceeded()


def test_the_own_group_is_found_where_the_whole_tree_is_seen(tmp_path: Path) -> None:
    make_v2(tmp_path, 0)
    assert read(make_v2(tmp_path, 3, "a/b", "max")).limit_mib is None
    (tmp_path / "a/b/memory.peak").unlink()
    assert read(tmp_path).peak_mib is None


def test_without_a_cgroup_nothing_is_known(tmp_path: Path) -> None:
    memory = read(tmp_path)
    assert (memory.limit_mib, memory.peak_mib, memory.was_exceeded()) == (None, None, False)


def end_of(status: int, killed: bool = False) -> End:
    return End.of(status, killed_for_memory=killed, peak_mib=200, limit_mib=256)


def test_an_end_is_told_by_what_it_was() -> None:
    for status, killed, kind, code, name, exit_code in (
        (0, False, "exit", 0, None, 0),
        (3 << 8, True, "exit", 3, None, 3),
        (signal.SIGKILL, True, "memory", None, "SIGKILL", 137),
        (signal.SIGKILL, False, "signal", None, "SIGKILL", 137),
        (signal.SIGSEGV, True, "signal", None, "SIGSEGV", 139),
        (40, False, "signal", None, "SIG40", 168),
    ):
        end = end_of(status, killed)
        assert (end.kind, end.to_json()["code"], end.to_json()["signal"], end.exit_code) == (kind, code, name, exit_code)


@pytest.mark.parametrize("character", ["x", "ä", "😀", "\0", '"', "\ud800"])
def test_a_termination_message_always_fits(character: str) -> None:
    error = {"kind": "load", "type": character * 200, "message": character * 4_000, "traceback": character * 48_000 + "the end", "file": "app.py", "line": 3}
    encoded = encode_message(end_of(3 << 8), error)
    assert len(encoded) <= MOST_MESSAGE_BYTES
    told = json.loads(encoded)
    assert told["error"]["line"] == 3 and told["kind"] == "exit" and told["limitMiB"] == 256
    small = {"kind": "load", "type": "T", "message": "m", "traceback": "t"}
    assert json.loads(encode_message(end_of(0), small))["error"] == small


def test_a_traceback_is_told_from_its_end() -> None:
    error = {"kind": "load", "type": "T", "message": "m", "traceback": "line\n" * 5_000 + "ValueError: the end"}
    encoded = encode_message(end_of(3 << 8), error)
    told = json.loads(encoded)["error"]
    assert told["traceback"].endswith("ValueError: the end") and told["message"] == "m"
    # Next to nothing of the room is left unused.
    assert len(encoded) > MOST_MESSAGE_BYTES - 100
