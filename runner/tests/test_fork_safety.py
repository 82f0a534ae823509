"""What two forks of one zygote draw is not the same, also where nothing can tell them apart by their process's number."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import RUNNER, Runner

# Everything has been drawn from before the fork; then two forks, each in a PID namespace of its own, draw under one number.
FORKS = """
import json, os, random, secrets, ssl, sys, tempfile, uuid
from bson import ObjectId
from dns import entropy
from fp_runner import isolate
from fp_runner.fresh import refresh


def draw():
    with tempfile.NamedTemporaryFile() as file:
        name = file.name
    return {
        "random": random.random(),
        "secrets": secrets.token_hex(16),
        "uuid4": uuid.uuid4().hex,
        "ssl": ssl.RAND_bytes(16).hex(),
        "tempfile": name,
        "ObjectId": str(ObjectId())[8:18],
        "dns": [entropy.random_16() for _ in range(4)],
    }


draw()
number = os.getpid()
fresh = sys.argv[1] == "fresh"
for _ in range(2):
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        isolate.unshare(isolate.CLONE_NEWPID)
        first = os.fork()
        if first == 0:
            # The first process of the namespace is an init; its first child is a runner.
            runner = os.fork()
            if runner == 0:
                if fresh:
                    refresh()
                os.write(writing, json.dumps({"same": os.getpid() == number, **draw()}).encode())
                os._exit(0)
            os.waitpid(runner, 0)
            os._exit(0)
        os.waitpid(first, 0)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        print(said.read())
    os.waitpid(between, 0)
"""


def forks(tmp_path: Path, how: str) -> list[dict[str, object]]:
    script = tmp_path / "forks.py"
    script.write_text(FORKS)
    # The shell is the first process of a namespace, so that the script has the number that a runner has.
    command = ["unshare", "--pid", "--fork", "sh", "-c", '"$@"; exit $?', "sh", sys.executable, str(script), how]
    environment = {**os.environ, "PYTHONPATH": str(RUNNER), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


needs_namespaces = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None, reason="makes PID namespaces, as root on Linux"
)


@needs_namespaces
def test_the_same_number_would_make_libraries_draw_alike(tmp_path: Path) -> None:
    """Why `refresh` is there: when this fails, a library has become safe by itself."""
    one, other = forks(tmp_path, "as they are")
    assert one["same"] and other["same"]
    assert {name for name in one if name != "same" and one[name] == other[name]} == {"ssl", "tempfile", "ObjectId"}


@needs_namespaces
def test_a_refreshed_fork_draws_what_no_other_draws(tmp_path: Path) -> None:
    one, other = forks(tmp_path, "fresh")
    assert one["same"] and other["same"]
    assert [name for name in one if name != "same" and one[name] == other[name]] == []


APP = """
import os, random, secrets, ssl, tempfile, threading, uuid
from bson import ObjectId
from fastapi import FastAPI

app = FastAPI()
drawn = {
    "random": random.random(),
    "secrets": secrets.token_hex(16),
    "uuid4": uuid.uuid4().hex,
    "ssl": ssl.RAND_bytes(16).hex(),
    "ObjectId": str(ObjectId())[8:18],
    "tempfile": tempfile.mktemp(),
}
threads = [thread.name for thread in threading.enumerate()]


@app.get("/")
async def tell():
    links = {}
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []:
        try:
            links[name] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            pass
    return {"drawn": drawn, "threads": threads, "now": [thread.name for thread in threading.enumerate()], "links": links}
"""


def test_two_runners_share_no_draw_no_thread_and_no_descriptor(start: Callable[[], Runner]) -> None:
    told = []
    for _ in range(3):
        runner = start()
        assert runner.claim(APP)[-1]["type"] == "ready"
        told.append(json.loads(runner.get("/")[2]))
    for name in told[0]["drawn"]:
        assert len({str(one["drawn"][name]) for one in told}) == 3, name
    for one in told:
        assert one["threads"] == ["MainThread"]
        assert one["now"] == ["MainThread"]
        assert all(target.startswith(("socket:", "pipe:", "anon_inode:", "/dev/null", "/proc/")) for target in one["links"].values()), one["links"]
    own = [{target for target in one["links"].values() if target.startswith(("socket:", "pipe:"))} for one in told]
    assert not (own[0] & own[1] | own[0] & own[2] | own[1] & own[2])
