"""A pod's life after the hand-off: the output, the end, what a Deployment mounts, and what the app may learn of its pod."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from pods import HELLO, KEY, RUNNER, Door, HandOff, PodProcess, StartPod, claim_json, free_port, slow_app, wait_for


def test_output_is_marked_and_bounded_and_marks_cannot_be_forged(start_pod: StartPod) -> None:
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
    pod = start_pod().wait_until_ready()
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


def test_an_exit_code_is_passed_on(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    HandOff(pod).give({"app.py": HELLO + "@app.get('/end')\ndef end():\n    import os\n    os._exit(77)\n"})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        pod.get("/end")
    code, end = pod.wait()
    assert (code, end["kind"], end["code"]) == (77, "exit", 77)


def test_sigterm_drains(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    HandOff(pod).give({"app.py": slow_app(2)})
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


def test_a_warm_pod_ends_at_once(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    pod.process.terminate()
    code, end = pod.wait()
    assert (code, end["kind"], end["code"]) == (0, "exit", 0)


def test_a_pod_that_ends_while_it_loads_says_that_it_was_not_the_app(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    given = HandOff(pod)
    given.claim(given.hello(), claim_json({"app.py": "print('loading', flush=True)\nimport time\ntime.sleep(60)\n"}))
    wait_for(lambda: b"loading\n" in pod.printed)
    pod.process.terminate()
    assert given.rest() == [{"type": "refused", "reason": "draining"}]
    assert pod.wait()[0] == 0


def test_a_container_that_starts_again_after_a_claim_is_lost(start_pod: StartPod) -> None:
    first = start_pod().wait_until_ready()
    HandOff(first).give({"app.py": HELLO})
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(20)
    again = start_pod()
    wait_for(again.readiness)
    assert again.readiness() == 503
    assert HandOff(again).hello() == {"type": "refused", "reason": "lost"}
    again.process.terminate()
    assert again.process.wait(20) == 0


def test_processes_that_an_app_leaves_behind_end_with_it(start_pod: StartPod) -> None:
    code = "import os, subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\nprint('child', child.pid, flush=True)\nos._exit(5)\n"
    pod = start_pod().wait_until_ready()
    HandOff(pod).give({"app.py": code})
    assert pod.wait()[0] == 5
    child = next(int(line.split()[1]) for line in pod.printed if line.startswith(b"child"))
    wait_for(lambda: not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes())


def test_a_deployment_s_pod_serves_what_is_mounted(start_pod: StartPod, door: Door, tmp_path: Path) -> None:
    folder = tmp_path / "pod"
    (folder / "claim").mkdir(parents=True)
    (folder / "claim" / "claim.json").write_text(claim_json(instance=None, env={"MODE": "mounted"}, door={"credential": "c" * 43}))
    (folder / "code").mkdir()
    (folder / "code" / "app.py").write_text("import os\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root():\n    return [os.environ['MODE'], 'OTHER_SECRET' in os.environ]\n")
    pod = start_pod("serve", door=door).wait_until_ready()
    assert pod.get("/") == (200, b'["mounted",false]')
    assert HandOff(pod).hello() == {"type": "refused", "reason": "claimed"}
    connection = http.client.HTTPConnection("127.0.0.1", pod.app_port, timeout=20)
    connection.request("GET", "/", headers={"X-FP-Instance": "pod-2"})
    assert connection.getresponse().status == 421
    connection.close()
    pod.process.terminate()
    assert pod.wait()[0] == 0
    # Its container may start again: nothing that it needs was lost.
    assert start_pod("serve").wait_until_ready().get("/")[0] == 200


def test_a_deployment_s_pod_without_a_claim_says_so(start_pod: StartPod) -> None:
    code, end = start_pod("serve").wait()
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
