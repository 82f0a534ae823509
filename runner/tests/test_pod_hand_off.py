"""The hand-off of one app to a pod, and the way out."""

import json
import socket
from typing import Any

import pytest

from pods import HELLO, Door, HandOff, PodProcess, StartPod, claim_json, free_port, wait_for


def test_a_warm_pod_is_given_an_app_and_answers(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
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


def test_who_has_not_the_key_changes_nothing(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
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


def test_what_is_no_hand_off_is_closed(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    for line in ("", "nonsense", "[]", '{"type":"hello"}', '{"type":"hello","nonce":"zz"}', '{"type":"claim"}', "x" * 100_000, "GET / HTTP/1.1\n"):
        stranger = HandOff(pod)
        stranger.socket.sendall(line.encode() + b"\n")
        try:
            assert stranger.lines.readline() in ("", "HTTP/1.1 404 Not Found\n"), line
        except ConnectionResetError:
            continue
    assert pod.readiness() == 200


def test_a_pod_is_claimed_once(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    late = HandOff(pod)
    proof = late.hello()
    assert HandOff(pod).give({"app.py": HELLO})[-1]["type"] == "ready"
    late.claim(proof, claim_json({"app.py": "other"}))
    assert late.rest() == [{"type": "refused", "reason": "claimed"}]
    assert HandOff(pod).hello() == {"type": "refused", "reason": "claimed"}
    assert pod.get("/")[0] == 200


def test_a_claim_that_comes_before_it_is_warm_waits(start_pod: StartPod) -> None:
    pod = start_pod()
    wait_for(pod.readiness)
    assert HandOff(pod).give({"app.py": HELLO})[-1]["type"] == "ready"


def test_files_are_written_nowhere_else(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    said = HandOff(pod).give({"app.py": HELLO, "a/../../out.py": "out"})
    assert [(message["type"], message["reason"]) for message in said] == [("refused", "invalid")]
    assert not list(pod.folder.parent.rglob("out.py")) and not (pod.folder / "code").exists()
    # What was claimed once is never ready again.
    assert pod.wait()[0] == 0


def test_a_load_that_fails_is_told_and_ends_the_pod(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    said = HandOff(pod).give({"app.py": "x = 1\nimport nothing_like_this\n"})
    assert [message["type"] for message in said] == ["failed"]
    assert (said[0]["error"]["kind"], said[0]["error"]["line"]) == ("load", 2)
    code, end = pod.wait()
    assert (code, end["kind"], end["code"], end["error"]["file"]) == (3, "exit", 3, "app.py")


def test_a_crash_while_it_loads_is_told_with_its_last_words(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    said = HandOff(pod).give({"app.py": "import os, sys, signal\nprint('last words', file=sys.stderr)\nos.kill(os.getpid(), signal.SIGSEGV)\n"})
    assert said[-1]["type"] == "ended"
    assert (said[-1]["kind"], said[-1]["signal"], said[-1]["lastWords"]) == ("signal", "SIGSEGV", "last words")
    code, end = pod.wait()
    assert (code, end["kind"], end["code"], end["signal"]) == (139, "signal", None, "SIGSEGV")


def test_a_check_loads_and_ends(start_pod: StartPod, door: Door) -> None:
    loads, fails = (start_pod(folder=folder, door=door).wait_until_ready() for folder in ("one", "two"))
    said = HandOff(loads).give({"app.py": "import os\nprint(os.environ['PLATFORM_MONGO_URI'])\n" + HELLO}, mode="check", door={"credential": "c" * 43})
    assert [message["type"] for message in said] == ["loaded"]
    assert loads.wait()[0] == 0
    assert b"timeoutMS=2000" in b"".join(loads.printed) and not (loads.folder / "mongo.sock").exists()
    said = HandOff(fails).give({"app.py": "1/0"}, mode="check")
    assert [message["type"] for message in said] == ["failed"]
    assert fails.wait()[0] == 0


def test_the_way_out_and_the_database_go_through_the_door(start_pod: StartPod, door: Door) -> None:
    pod = start_pod(door=door).wait_until_ready()
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


def test_without_a_door_the_app_is_told_so(start_pod: StartPod) -> None:
    pod = start_pod().wait_until_ready()
    HandOff(pod).give({"app.py": HELLO}, door={"credential": "c" * 43}, database={"name": "d", "username": "u", "password": "p"})
    with socket.create_connection(("127.0.0.1", pod.egress_port), 20) as client:
        client.sendall(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
        assert b" 503 " in client.recv(1000)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(pod.folder / "mongo.sock"))
        assert client.recv(1) == b""


def test_a_door_that_is_away_is_told_too(start_pod: StartPod) -> None:
    pod = start_pod(FP_DOOR=f"127.0.0.1:{free_port()}").wait_until_ready()
    HandOff(pod).give({"app.py": HELLO}, door={"credential": "c" * 43})
    with socket.create_connection(("127.0.0.1", pod.egress_port), 20) as client:
        client.sendall(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n")
        assert b" 503 " in client.recv(1000)
