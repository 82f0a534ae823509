"""A pod's life: the hand-off of one app, the way out, the output, and the end."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pods import HELLO, KEY, RUNNER, Door, HandOff, PodProcess, claim_json, free_port, wait_for

Start = Callable[..., PodProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[PodProcess] = []

    def start_one(mode: str = "warm", folder: str = "pod", **named: Any) -> PodProcess:
        started.append(PodProcess(tmp_path / folder, mode, **named))
        return started[-1]

    yield start_one
    for pod in started:
        pod.close()


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.listener.close()


def test_a_warm_pod_is_given_an_app_and_answers(start: Start) -> None:
    pod = start().wait_until_ready()
    with pytest.raises(ConnectionRefusedError):
        pod.get("/")
    said = HandOff(pod).give({"app.py": HELLO, "static/deep/a.bin": {"base64": "AAEC"}}, env={"MODE": "test"})
    assert [message["type"] for message in said] == ["loaded", "ready"]
    assert said[0]["report"]["framework"] == "fastapi"
    assert pod.get("/") == (200, b'"hello"')
    assert pod.get("/static/deep/a.bin") == (200, b"\x00\x01\x02")
    assert pod.readiness() == 200
    pod.process.terminate()
    assert pod.wait() == (0, {"kind": "exit", "code": 0, "signal": None, "peakMiB": None, "limitMiB": None} | memory_of(pod))


def memory_of(pod: PodProcess) -> dict[str, Any]:
    """What the machine's own cgroup says, or nothing."""
    told = json.loads((pod.folder / "end").read_bytes())
    return {name: told[name] for name in ("peakMiB", "limitMiB")}


def test_who_has_not_the_key_changes_nothing(start: Start) -> None:
    pod = start().wait_until_ready()
    stranger = HandOff(pod, key="another key")
    proof = stranger.hello()
    assert proof["mac"] != stranger.mac(f"fp-pod|{pod.uid}|{stranger.nonce}|{proof['nonce']}")
    stranger.claim(proof, claim_json({"app.py": HELLO}))
    assert stranger.read() == {"type": "closed"}
    # Nor does one that was meant for another pod, or was overheard.
    other = HandOff(pod, uid="another")
    other.claim(other.hello(), claim_json({"app.py": HELLO}))
    assert other.read() == {"type": "closed"}
    assert pod.readiness() == 200 and not (pod.folder / "claimed").exists()
    right = HandOff(pod)
    proof = right.hello()
    assert proof["mac"] == right.mac(f"fp-pod|{pod.uid}|{right.nonce}|{proof['nonce']}")
    payload = claim_json({"app.py": HELLO})
    again = HandOff(pod)
    again.hello()
    again.nonce = right.nonce
    again.claim(proof, payload)
    assert again.read() == {"type": "closed"}
    right.claim(proof, payload)
    assert right.rest()[-1]["type"] == "ready"


def test_what_is_no_hand_off_is_closed(start: Start) -> None:
    pod = start().wait_until_ready()
    for line in ("", "nonsense", "[]", '{"type":"hello"}', '{"type":"hello","nonce":"zz"}', '{"type":"claim"}', "x" * 100_000, "GET / HTTP/1.1\n"):
        stranger = HandOff(pod)
        stranger.socket.sendall(line.encode() + b"\n")
        try:
            assert stranger.lines.readline() in ("", "HTTP/1.1 404 Not Found\n"), line
        except ConnectionResetError:
            continue
    assert pod.readiness() == 200


def test_a_pod_is_claimed_once(start: Start) -> None:
    pod = start().wait_until_ready()
    late = HandOff(pod)
    proof = late.hello()
    assert HandOff(pod).give({"app.py": HELLO})[-1]["type"] == "ready"
    late.claim(proof, claim_json({"app.py": "other"}))
    assert late.rest() == [{"type": "refused", "reason": "claimed"}]
    assert HandOff(pod).hello() == {"type": "refused", "reason": "claimed"}
    assert pod.get("/")[0] == 200


def test_a_claim_that_comes_before_it_is_warm_waits(start: Start) -> None:
    pod = start()
    wait_for(pod.readiness)
    assert HandOff(pod).give({"app.py": HELLO})[-1]["type"] == "ready"


def test_files_are_written_nowhere_else(start: Start) -> None:
    pod = start().wait_until_ready()
    said = HandOff(pod).give({"app.py": HELLO, "a/../../out.py": "out"})
    assert [(message["type"], message["reason"]) for message in said] == [("refused", "invalid")]
    assert not list(pod.folder.parent.rglob("out.py")) and not (pod.folder / "code").exists()
    # What was claimed once is never ready again.
    assert pod.wait()[0] == 0


def test_a_load_that_fails_is_told_and_ends_the_pod(start: Start) -> None:
    pod = start().wait_until_ready()
    said = HandOff(pod).give({"app.py": "x = 1\nimport nothing_like_this\n"})
    assert [message["type"] for message in said] == ["failed"]
    assert (said[0]["error"]["kind"], said[0]["error"]["line"]) == ("load", 2)
    code, end = pod.wait()
    assert (code, end["kind"], end["code"], end["error"]["file"]) == (3, "exit", 3, "app.py")


def test_a_crash_while_it_loads_is_told_with_its_last_words(start: Start) -> None:
    pod = start().wait_until_ready()
    said = HandOff(pod).give({"app.py": "import os, sys, signal\nprint('last words', file=sys.stderr)\nos.kill(os.getpid(), signal.SIGSEGV)\n"})
    assert said[-1]["type"] == "ended"
    assert (said[-1]["kind"], said[-1]["signal"], said[-1]["lastWords"]) == ("signal", "SIGSEGV", "last words")
    code, end = pod.wait()
    assert (code, end["kind"], end["code"], end["signal"]) == (139, "signal", None, "SIGSEGV")


def test_an_exit_code_is_passed_on(start: Start) -> None:
    pod = start().wait_until_ready()
    HandOff(pod).give({"app.py": HELLO + "@app.get('/end')\ndef end():\n    import os\n    os._exit(77)\n"})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        pod.get("/end")
    code, end = pod.wait()
    assert (code, end["kind"], end["code"]) == (77, "exit", 77)


def test_a_check_loads_and_ends(start: Start, door: Door) -> None:
    loads, fails = (start(folder=folder, door=door).wait_until_ready() for folder in ("one", "two"))
    said = HandOff(loads).give({"app.py": "import os\nprint(os.environ['PLATFORM_MONGO_URI'])\n" + HELLO}, mode="check", door={"credential": "c" * 43})
    assert [message["type"] for message in said] == ["loaded"]
    assert loads.wait()[0] == 0
    assert b"timeoutMS=2000" in b"".join(loads.printed) and not (loads.folder / "mongo.sock").exists()
    said = HandOff(fails).give({"app.py": "1/0"}, mode="check")
    assert [message["type"] for message in said] == ["failed"]
    assert fails.wait()[0] == 0


def test_the_way_out_and_the_database_go_through_the_door(start: Start, door: Door) -> None:
    pod = start(door=door).wait_until_ready()
    database = {"name": "db", "username": "u@x", "password": "p:/ä"}
    code = "import os\nfrom fastapi import FastAPI\napp = FastAPI()\nseen = dict(os.environ)\n@app.get('/')\ndef root():\n    return seen\n"
    assert HandOff(pod).give({"app.py": code}, door={"credential": "c" * 43}, database=database)[-1]["type"] == "ready"
    seen = json.loads(pod.get("/")[1])
    assert seen["PLATFORM_MONGO_URI"].startswith("mongodb://u%40x:p%3A%2F%C3%A4@" + str(pod.folder / "mongo.sock").replace("/", "%2F") + "/db?")
    assert seen["HTTPS_PROXY"] == f"http://127.0.0.1:{pod.egress_port}"
    for name, client in (("egress", socket.create_connection(("127.0.0.1", pod.egress_port), 20)), ("mongo", socket.socket(socket.AF_UNIX))):
        if name == "mongo":
            client.connect(str(pod.folder / "mongo.sock"))
        with client:
            client.sendall(b"question")
            line, upstream = door.accept()
            with upstream:
                assert line == f"FP1 {name} 0123456789abcdef01234567 {'c' * 43}"
                assert upstream.recv(8) == b"question"
                upstream.sendall(b"answer")
                assert client.recv(6) == b"answer"
                client.shutdown(socket.SHUT_WR)
                assert upstream.recv(1) == b""


def test_without_a_door_the_app_is_told_so(start: Start) -> None:
    pod = start().wait_until_ready()
    HandOff(pod).give({"app.py": HELLO}, door={"credential": "c" * 43}, database={"name": "d", "username": "u", "password": "p"})
    with socket.create_connection(("127.0.0.1", pod.egress_port), 20) as client:
        client.sendall(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
        assert b" 503 " in client.recv(1000)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(pod.folder / "mongo.sock"))
        assert client.recv(1) == b""


def test_a_door_that_is_away_is_told_too(start: Start) -> None:
    pod = start(FP_DOOR=f"127.0.0.1:{free_port()}").wait_until_ready()
    HandOff(pod).give({"app.py": HELLO}, door={"credential": "c" * 43})
    with socket.create_connection(("127.0.0.1", pod.egress_port), 20) as client:
        client.sendall(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
        assert b" 503 " in client.recv(1000)


def test_output_is_marked_and_bounded_and_marks_cannot_be_forged(start: Start) -> None:
    code = """
import sys
print("plain")
print("\\x1e\\x1eC{}")
print("ä" * 20_000)
print("to err\\n\\x1eC{}", file=sys.stderr)
sys.stdout.write("no end")
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def fail():
    raise ValueError("on purpose")
"""
    pod = start().wait_until_ready()
    HandOff(pod).give({"app.py": code})
    assert pod.get("/")[0] == 500
    wait_for(lambda: any(line.startswith(b"\x1eC") for line in pod.printed))
    pod.process.terminate()
    pod.wait()
    plain = [line for line in pod.printed if not line.startswith(b"\x1e")]
    assert (plain[0], plain[1], plain[-1]) == (b"plain\n", b"C{}\n", b"no end\n")
    assert len(plain[2]) < 16 * 1024 and plain[2].decode().endswith("ä … (cut at 16 KiB)\n")
    assert [line for line in pod.printed if line.startswith(b"\x1eE")][:2] == [b"\x1eEto err\n", b"\x1eEC{}\n"]
    told = [json.loads(line[2:]) for line in pod.printed if line.startswith(b"\x1eC")]
    assert [(message["type"], message["record"]["type"]) for message in told] == [("exception", "ValueError")]


def test_sigterm_drains(start: Start) -> None:
    code = """
import asyncio
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    yield
    print("lifespan ended", flush=True)

app = FastAPI(lifespan=lifespan)

@app.get("/slow")
async def slow():
    print("in flight", flush=True)
    await asyncio.sleep(2)
    return "finished"
"""
    pod = start().wait_until_ready()
    HandOff(pod).give({"app.py": code})
    answers: list[tuple[int, bytes]] = []
    request = threading.Thread(target=lambda: answers.append(pod.get("/slow")))
    request.start()
    wait_for(lambda: b"in flight\n" in pod.printed)
    pod.process.terminate()
    assert wait_for(lambda: pod.readiness() == 503)
    # Gateways that have not heard of it yet are still answered.
    assert pod.get("/openapi.json")[0] == 200
    request.join(20)
    assert answers == [(200, b'"finished"')]
    assert pod.wait()[0] == 0
    assert pod.printed[-1] == b"lifespan ended\n"


def test_a_warm_pod_ends_at_once(start: Start) -> None:
    pod = start().wait_until_ready()
    pod.process.terminate()
    code, end = pod.wait()
    assert (code, end["kind"], end["code"]) == (0, "exit", 0)


def test_a_pod_that_ends_while_it_loads_says_that_it_was_not_the_app(start: Start) -> None:
    pod = start().wait_until_ready()
    given = HandOff(pod)
    given.claim(given.hello(), claim_json({"app.py": "print('loading', flush=True)\nimport time\ntime.sleep(60)\n"}))
    wait_for(lambda: b"loading\n" in pod.printed)
    pod.process.terminate()
    assert given.rest() == [{"type": "refused", "reason": "draining"}]
    assert pod.wait()[0] == 0


def test_a_container_that_starts_again_after_a_claim_is_lost(start: Start) -> None:
    first = start().wait_until_ready()
    HandOff(first).give({"app.py": HELLO})
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(20)
    again = start()
    wait_for(again.readiness)
    assert again.readiness() == 503
    assert HandOff(again).hello() == {"type": "refused", "reason": "lost"}
    again.process.terminate()
    assert again.process.wait(20) == 0


def test_processes_that_an_app_leaves_behind_end_with_it(start: Start) -> None:
    code = "import os, subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\nprint('child', child.pid, flush=True)\nos._exit(5)\n"
    pod = start().wait_until_ready()
    HandOff(pod).give({"app.py": code})
    assert pod.wait()[0] == 5
    child = next(int(line.split()[1]) for line in pod.printed if line.startswith(b"child"))
    wait_for(lambda: not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes())


def test_a_deployment_s_pod_serves_what_is_mounted(start: Start, door: Door, tmp_path: Path) -> None:
    folder = tmp_path / "pod"
    (folder / "claim").mkdir(parents=True)
    (folder / "claim" / "claim.json").write_text(claim_json(instance=None, env={"MODE": "mounted"}, door={"credential": "c" * 43}))
    (folder / "code").mkdir()
    (folder / "code" / "app.py").write_text("import os\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root():\n    return [os.environ['MODE'], 'OTHER_SECRET' in os.environ]\n")
    pod = start("serve", door=door).wait_until_ready()
    assert pod.get("/") == (200, b'["mounted",false]')
    assert HandOff(pod).hello() == {"type": "refused", "reason": "claimed"}
    connection = http.client.HTTPConnection("127.0.0.1", pod.app_port, timeout=20)
    connection.request("GET", "/", headers={"X-FP-Instance": "pod-2"})
    assert connection.getresponse().status == 421
    connection.close()
    pod.process.terminate()
    assert pod.wait()[0] == 0
    # Its container may start again: nothing that it needs was lost.
    assert start("serve").wait_until_ready().get("/")[0] == 200


def test_a_deployment_s_pod_without_a_claim_says_so(start: Start) -> None:
    code, end = start("serve").wait()
    assert code != 0 and "claim.json" in end["error"]["message"]


@pytest.mark.skipif(sys.platform != "linux" or not Path("/usr/bin/setpriv").exists(), reason="needs Linux and setpriv, which takes root's privileges away")
def test_the_app_learns_nothing_of_the_pool_s_key(tmp_path: Path) -> None:
    code = f"""
import os
from fastapi import FastAPI
app = FastAPI()

def attempt(path, mode="rb"):
    try:
        with open(path, mode) as file:
            return file.read(100_000)
    except OSError as error:
        return type(error).__name__.encode()

@app.get("/")
def root():
    parent = os.getppid()
    seen = {{name: attempt(f"/proc/{{parent}}/{{name}}").decode("latin-1") for name in ("environ", "mem", "maps")}}
    for descriptor in range(12):
        try:
            seen["fd"] = os.readlink(f"/proc/{{parent}}/fd/{{descriptor}}")
        except OSError as error:
            seen.setdefault("fd", type(error).__name__)
    seen["own"] = attempt("/proc/self/environ").decode()
    seen["open"] = {{}}
    for name in os.listdir("/proc/self/fd"):
        if os.path.exists(f"/proc/self/fd/{{name}}"):
            seen["open"][name] = os.readlink(f"/proc/self/fd/{{name}}")
    # Shifted by one, so that what is looked for does not find itself.
    shift = bytes((byte + 1) % 256 for byte in range(256))
    looked_for, found = {[(byte + 1) % 256 for byte in KEY[:18].encode()]}, 0
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as content:
        for line in maps.readlines():
            ends, rights, _, _, inode, *name = line.split()
            begin, end = (int(part, 16) for part in ends.split("-"))
            if rights.startswith("rw") and inode == "0" and end - begin < 1 << 24:
                content.seek(begin)
                found += content.read(end - begin).translate(shift).count(bytes(looked_for))
    seen["memory"] = found
    return seen
"""
    pod = UnprivilegedPod(tmp_path / "pod")
    try:
        pod.wait_until_ready()
        assert HandOff(pod).give({"app.py": code})[-1]["type"] == "ready"
        seen = json.loads(pod.get("/")[1])
        held = {os.readlink(link) for link in Path(f"/proc/{pod.process.pid}/fd").iterdir() if os.readlink(link).startswith(("pipe:", "socket:"))}
    finally:
        pod.close()
    assert {name: seen[name] for name in ("environ", "mem", "maps", "fd")} == dict.fromkeys(("environ", "mem", "maps", "fd"), "PermissionError")
    assert KEY not in seen["own"] and "OTHER_SECRET" not in seen["own"] and "KUBERNETES" not in seen["own"] and "FP_POD" not in seen["own"]
    assert seen["memory"] == 0
    # Besides what it was started with, its output: nothing else that its parent holds was left open.
    assert {name for name, target in seen["open"].items() if target in held} - {"0"} == {"1", "2"}


class UnprivilegedPod(PodProcess):
    """As in a container: a root without any capability may no more than any user, but still reads the checkout."""

    def __init__(self, folder: Path) -> None:
        popen = subprocess.Popen

        def start_less(command: list[str], **named: Any) -> "subprocess.Popen[bytes]":
            return popen(["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", *command], **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(subprocess, "Popen", start_less)
            super().__init__(folder)


def test_probe_says_whether_it_was_let_in() -> None:
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(RUNNER)}
    run = lambda *words: subprocess.run([sys.executable, "-m", "fp_runner", "probe", *words], env=environment, capture_output=True, text=True)  # noqa: E731
    refused = run("connect", "127.0.0.1", str(port))
    assert (refused.returncode, "refused" in refused.stdout) == (10, True)
    with subprocess.Popen([sys.executable, "-m", "fp_runner", "probe", "listen", str(port)], env=environment, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == f"listening at port {port}\n"
        assert run("connect", "127.0.0.1", str(port)).returncode == 0
        listener.terminate()
        assert listener.wait(20) == 0
    assert run("connect", "127.0.0.1").returncode == 2
