"""What a runner does between its claim and its end, seen from the platform's side."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
import pytest

from conftest import RUNNER, Runner, UnixConnection
from pods import slow_app

HELLO = """
from fastapi import FastAPI, Request
app = FastAPI()

@app.get("/")
def root(request: Request):
    return {"hello": "world", "client": request.client.host, "url": str(request.url), "headers": sorted(request.headers)}

@app.get("/boom")
def boom():
    return {}["missing"]
"""


def test_a_claimed_runner_loads_the_app_and_answers(runner: Runner) -> None:
    loaded, ready = runner.claim(HELLO)
    assert loaded["report"]["ok"] and loaded["report"]["framework"] == "fastapi" and not loaded["report"]["factory"]
    assert {"path": "/boom", "methods": ["GET"], "name": "boom"} in loaded["report"]["routes"]
    assert ready["type"] == "ready"
    status, headers, body = runner.get("/", X_Forwarded_For="203.0.113.9", X_FP_Instance="me", Host="hello.localhost:3000")
    assert status == 200 and headers["server"] == "uvicorn"
    answer = json.loads(body)
    assert answer["client"] == "203.0.113.9"
    assert answer["url"] == "http://hello.localhost:3000/"
    assert not [name for name in answer["headers"] if name.startswith("x-fp-")]


def test_a_request_for_another_instance_is_refused(runner: Runner) -> None:
    runner.claim(HELLO)
    assert runner.get("/", X_FP_Instance="other")[0] == 421
    assert runner.get("/_platform/health")[0] == 200


def test_an_exception_is_told_with_the_author_s_frames_only(runner: Runner) -> None:
    runner.claim(HELLO)
    assert runner.get("/boom", X_Request_Id="r7")[0] == 500
    record = runner.read()["record"]
    assert record["requestId"] == "r7" and record["type"] == "KeyError" and record["file"] == "app.py" and record["line"] == 11
    assert 'File "app.py", line 11, in boom' in record["traceback"]
    assert "site-packages" not in record["traceback"] and "starlette" not in record["traceback"]


def test_the_log_shows_the_author_s_frames_of_an_exception(runner: Runner) -> None:
    runner.claim(HELLO)
    runner.get("/boom")
    lines = [runner.stderr.readline().decode() for _ in range(5)]
    assert lines[:3] == ["Exception in ASGI application\n", "Traceback (most recent call last):\n", '  File "app.py", line 11, in boom\n']
    assert lines[4] == "KeyError: 'missing'\n"


def test_a_connection_outlives_an_exception_that_was_answered(runner: Runner) -> None:
    runner.claim(HELLO)
    connection = UnixConnection(runner.socket_path)
    for path, status in (("/boom", 500), ("/", 200), ("/boom", 500), ("/", 200)):
        connection.request("GET", path, headers={"X-Forwarded-For": "203.0.113.9"})
        response = connection.getresponse()
        response.read()
        assert response.status == status
        assert connection.sock is not None, "uvicorn closed it"
    connection.close()


@pytest.mark.parametrize(
    ("code", "kind", "type_name", "line"),
    [
        ("import nothing_like_this\n", "load", "ModuleNotFoundError", 1),
        ("x = 1\ny = (\n", "load", "SyntaxError", 2),
        ("import sys\nsys.exit(4)\n", "load", "SystemExit", 2),
        ("raise KeyboardInterrupt\n", "load", "KeyboardInterrupt", 1),
        ("def create_app():\n    raise ValueError('no')\n", "load", "ValueError", 2),
        ("x = 1\n", "entrypoint", "EntrypointError", 1),
        ("app = 3\n", "entrypoint", "EntrypointError", 1),
        ("async def create_app():\n    pass\n", "entrypoint", "EntrypointError", 1),
    ],
)
def test_an_app_that_cannot_be_loaded_says_where(runner: Runner, code: str, kind: str, type_name: str, line: int) -> None:
    failed = runner.claim(code)[-1]
    assert failed["type"] == "failed"
    assert (failed["error"]["kind"], failed["error"]["type"], failed["error"]["file"], failed["error"]["line"]) == (kind, type_name, "app.py", line)
    assert runner.wait()["code"] == 3


def test_an_error_in_another_file_names_that_file(runner: Runner) -> None:
    failed = runner.claim({"app.py": "from parts.rooms import app\n", "parts/rooms.py": "from fastapi import FastAPI\napp = FastAPI()\n1 / 0\n"})[-1]
    assert (failed["error"]["file"], failed["error"]["line"]) == ("parts/rooms.py", 3)


def test_a_lifespan_that_fails_is_a_failure_with_its_line(runner: Runner) -> None:
    code = """
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    raise RuntimeError("no connection")
    yield

app = FastAPI(lifespan=lifespan)
"""
    messages = runner.claim(code)
    assert [message["type"] for message in messages] == ["loaded", "failed"]
    assert messages[-1]["error"]["kind"] == "lifespan"
    assert (messages[-1]["error"]["message"], messages[-1]["error"]["line"]) == ("no connection", 7)
    assert messages[-1]["report"]["ok"] is False


def test_an_import_that_hangs_says_where_when_it_is_ended(runner: Runner) -> None:
    failed = runner.claim("import time\nfrom fastapi import FastAPI\napp = FastAPI()\ntime.sleep(60)\n", loadMs=500)[-1]
    assert (failed["error"]["kind"], failed["error"]["file"], failed["error"]["line"]) == ("timeout", "app.py", 4)


def test_a_module_of_the_app_wins_over_a_preloaded_package_of_its_name(runner: Runner) -> None:
    runner.claim({"app.py": "import jinja2\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root():\n    return jinja2.mine\n", "jinja2.py": "mine = 'own'\n"})
    assert json.loads(runner.get("/")[2]) == "own"


def test_create_app_and_bare_asgi_and_fasthtml_are_apps(start: Callable[[], Runner]) -> None:
    factory = start()
    assert factory.claim("from fastapi import FastAPI\ndef create_app():\n    return FastAPI()\n")[0]["report"]["factory"]
    bare = start()
    code = """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1")]})
    await send({"type": "http.response.body", "body": b"bare"})
"""
    assert bare.claim(code)[0]["report"]["framework"] == "asgi"
    assert bare.get("/")[2] == b"bare"
    html = start()
    code = "from fasthtml.common import *\napp, rt = fast_app(default_hdrs=False)\n@rt('/')\ndef get():\n    return P('hi')\n"
    assert html.claim(code)[0]["report"]["framework"] == "fasthtml"
    assert b"<p>hi</p>" in html.get("/")[2]


def test_the_bundle_s_static_folder_is_served_unless_the_app_serves_it(start: Callable[[], Runner]) -> None:
    plain = start()
    plain.claim({"app.py": HELLO, "static/site.css": "body {}\n"})
    status, headers, body = plain.get("/static/site.css")
    assert (status, body) == (200, b"body {}\n") and headers["content-type"].startswith("text/css")
    assert plain.get("/static/../app.py")[0] == 404
    assert plain.get("/static/missing.css")[0] == 404
    own = start()
    own.claim({"app.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/static/{name}')\ndef one(name: str):\n    return name\n", "static/site.css": "body {}\n"})
    assert own.get("/static/site.css")[2] == b'"site.css"'


def test_an_app_in_a_read_only_folder_may_write_beside_its_code(tmp_path: Path) -> None:
    from fp_runner import workspace

    code = tmp_path / "code"
    (code / "static").mkdir(parents=True)
    (code / "app.py").write_text("from fasthtml.common import *\n")
    (code / "static/a.css").write_text("a")
    assert workspace.make_workspace(str(code)) == str(code) and not (code / ".sesskey").exists()
    assert workspace.make_workspace(str(code), "own") == str(code)
    assert (code / ".sesskey").read_text() == "own"
    (code / ".sesskey").unlink()
    with pytest.MonkeyPatch.context() as patch:
        # The tests may run as root, for whom no permission is missing; in the sandbox the mount is read-only.
        patch.setattr(workspace.os, "access", lambda path, mode: False)
        patch.setattr(workspace.tempfile, "gettempdir", lambda: str(tmp_path))
        made = Path(workspace.make_workspace(str(code), "key"))
    assert made == tmp_path / "app"
    assert (made / "static/a.css").read_text() == "a"
    assert (made / ".sesskey").read_text() == "key"


def test_variables_and_the_database_uri_are_in_the_environment(runner: Runner) -> None:
    code = "import os\nfrom fastapi import FastAPI\napp = FastAPI()\nseen = dict(os.environ)\n@app.get('/')\ndef root():\n    return [seen['MODE'], seen['PLATFORM_MONGO_URI']]\n"
    runner.claim(code, env={"MODE": "test"}, mongoUri="mongodb://u:p@h/db")
    assert json.loads(runner.get("/")[2]) == ["test", "mongodb://u:p@h/db"]


def test_what_the_app_prints_comes_out_at_once_on_its_own_stream(runner: Runner) -> None:
    runner.claim("import sys\nprint('to out')\nprint('to err', file=sys.stderr)\nfrom fastapi import FastAPI\napp = FastAPI()\n")
    assert runner.stdout.readline() == b"to out\n"
    assert runner.stderr.readline() == b"to err\n"


def test_a_draining_runner_finishes_what_is_in_flight_and_runs_the_lifespan_s_end(runner: Runner) -> None:
    runner.claim(slow_app(0.4))
    answers: list[bytes] = []
    request = threading.Thread(target=lambda: answers.append(runner.get("/slow")[2]))
    request.start()
    assert runner.stdout.readline() == b"in flight\n"
    runner.send({"type": "drain", "graceSeconds": 10})
    request.join(10)
    assert answers == [b'"finished"']
    assert runner.wait()["code"] == 0
    assert runner.stdout.readline() == b"lifespan ended\n"


def test_a_runner_ends_when_the_platform_is_gone(start: Callable[[], Runner]) -> None:
    claimed, idle = start(), start()
    claimed.claim(HELLO)
    assert idle.read()["type"] == "warm"
    for runner in (claimed, idle):
        runner.lines.close()
        runner.control.close()
        assert runner.wait()["code"] == 0


def test_two_runners_draw_different_random_numbers(start: Callable[[], Runner]) -> None:
    code = "import random\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root():\n    return random.getrandbits(64)\n"
    drawn = set()
    for runner in (start(), start()):
        runner.claim(code)
        drawn.add(runner.get("/")[2])
    assert len(drawn) == 2


def test_the_control_line_is_not_inherited_by_what_the_app_starts(runner: Runner) -> None:
    code = "import os, subprocess, sys\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef root():\n    return subprocess.run([sys.executable, '-c', 'import os; os.fstat(3)'], capture_output=True, close_fds=False).returncode\n"
    runner.claim(code)
    assert json.loads(runner.get("/")[2]) != 0


def test_check_prints_a_report(tmp_path: Path) -> None:
    def check(code: str) -> dict[str, object]:
        (tmp_path / "app.py").write_text(code)
        order = json.dumps({"codePath": str(tmp_path), "entrypoint": "app.py", "env": {}})
        ran = subprocess.run([sys.executable, "-m", "fp_runner", "check", order], cwd=RUNNER, capture_output=True, text=True, check=True)
        report: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
        return report

    assert check(HELLO)["ok"] is True
    failed = check("print('noise')\nimport nothing_like_this\n")
    assert failed["ok"] is False and failed["error"]["line"] == 2  # type: ignore[index]
