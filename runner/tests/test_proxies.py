"""Unchanged clients in a process that was given a proxy: each reaches it, or says why nothing is reached."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from conftest import RUNNER

REFUSED = b"smtp.closed.example:587 is closed to apps. The setting egress.ports would allow it."
BANNER = b"220 mail.example ready\r\n"


class Proxy:
    """Answers for the whole Internet: an absolute-form request itself, a tunnel by greeting as a mail server or speaking HTTP in it."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.asked: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self.server.getsockname()[1]
        return port

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            client.settimeout(20)
            line = self._read_head(client)
            if not line:
                return
            self.asked.append(line)
            method, target, _ = line.split(" ")
            if method != "CONNECT":
                self._answer(client, target)
            elif "closed" in target:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(REFUSED), REFUSED))
            elif target.endswith(":25"):
                # With the banner in the same packet: none of it may be taken for the answer.
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n" + BANNER)
                client.recv(1000)
            else:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                inner = self._read_head(client)
                if inner:
                    self._answer(client, inner.split(" ")[1])

    def _read_head(self, client: socket.socket) -> str:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return ""
            head += byte
        return head.split(b"\r\n")[0].decode()

    def _answer(self, client: socket.socket, target: str) -> None:
        body = json.dumps({"target": target}).encode()
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    one = Proxy()
    yield one
    one.server.close()


def run(proxy: Proxy, code: str, *, before: str = "", env: dict[str, str] | None = None) -> str:
    """What `code` prints, run after the proxy was set; `before` is what was preloaded."""
    program = f"{before}\nfrom fp_runner.proxies import use_proxy\nuse_proxy({proxy.port})\n{code}"
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**clean, "PYTHONPATH": str(RUNNER), "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


CLIENTS = {
    "httpx": ("httpx", "import httpx\nprint(httpx.get(URL).json()['target'])"),
    "httpx async": ("httpx", "import asyncio, httpx\nasync def go():\n    async with httpx.AsyncClient() as client:\n        print((await client.get(URL)).json()['target'])\nasyncio.run(go())"),
    "requests": ("requests", "import requests\nprint(requests.get(URL).json()['target'])"),
    "urllib": ("urllib.request", "import json, urllib.request\nprint(json.load(urllib.request.urlopen(URL))['target'])"),
    "aiohttp": ("aiohttp", "import asyncio, aiohttp\nasync def go():\n    async with aiohttp.ClientSession() as session:\n        async with session.get(URL) as answer:\n            print((await answer.json(content_type=None))['target'])\nasyncio.run(go())"),
}


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize("preloaded", [False, True], ids=["imported later", "preloaded"])
@pytest.mark.parametrize("url", ["http://example.com/a?b=1", "http://shop.localhost:3000/"])
def test_a_client_reaches_the_internet_and_other_apps_unchanged(proxy: Proxy, name: str, preloaded: bool, url: str) -> None:
    module, code = CLIENTS[name]
    assert run(proxy, f"URL = {url!r}\n{code}", before=f"import {module}" if preloaded else "") == url
    assert proxy.asked == [f"GET {url} HTTP/1.1"]


@pytest.mark.parametrize("name", CLIENTS)
def test_what_the_app_serves_to_itself_needs_no_proxy(proxy: Proxy, name: str) -> None:
    own = Proxy()
    url = f"http://localhost:{own.port}/own"
    assert run(proxy, f"URL = {url!r}\n{CLIENTS[name][1]}") == "/own"
    assert proxy.asked == []
    own.server.close()


def test_the_variables_stand_in_both_cases(proxy: Proxy) -> None:
    shown = json.loads(run(proxy, "import json, os\nprint(json.dumps({k: v for k, v in os.environ.items() if k.lower().endswith('_proxy')}))"))
    address, direct = f"http://127.0.0.1:{proxy.port}", "localhost,127.0.0.1,::1"
    wanted = {"HTTP_PROXY": address, "HTTPS_PROXY": address, "ALL_PROXY": address, "NO_PROXY": direct}
    assert shown == wanted | {name.lower(): value for name, value in wanted.items()}


def test_a_variable_of_the_app_s_own_stays_in_its_one_case(proxy: Proxy) -> None:
    code = "import os\nprint(os.environ['HTTP_PROXY'], 'http_proxy' in os.environ, os.environ['https_proxy'])"
    assert run(proxy, code, env={"HTTP_PROXY": "http://mine.example:1"}) == f"http://mine.example:1 False http://127.0.0.1:{proxy.port}"


def test_nothing_is_imported_for_an_app_that_does_not(proxy: Proxy) -> None:
    code = "import sys\nprint([name for name in ('aiohttp', 'requests', 'httpx', 'urllib.request') if name in sys.modules])"
    assert run(proxy, code) == "[]"


def test_aiohttp_s_sources_are_still_found_and_a_no_stays_a_no(proxy: Proxy) -> None:
    code = """
import asyncio, inspect, aiohttp
async def go():
    async with aiohttp.ClientSession() as yes, aiohttp.ClientSession(trust_env=False) as no:
        print(yes.trust_env, no.trust_env, "class ClientSession" in inspect.getsource(aiohttp.client))
asyncio.run(go())"""
    assert run(proxy, code) == "True False True"


def test_a_websocket_client_opens_a_tunnel(proxy: Proxy) -> None:
    code = """
import asyncio, websockets
async def go():
    try:
        await websockets.connect("ws://chat.example/room")
    except websockets.exceptions.InvalidStatus as refused:
        print(refused.response.status_code)
asyncio.run(go())"""
    assert run(proxy, code) == "200"
    assert proxy.asked == ["CONNECT chat.example:80 HTTP/1.1"]


def test_mail_goes_through_a_tunnel_where_the_port_is_open(proxy: Proxy) -> None:
    code = "import smtplib\nmail = smtplib.SMTP(timeout=9)\nprint(mail.connect('mail.example', 25), mail.sock.gettimeout())\nmail.close()"
    assert run(proxy, code) == "(220, b'mail.example ready') 9.0"
    assert proxy.asked == ["CONNECT mail.example:25 HTTP/1.1"]


@pytest.mark.parametrize(
    "code",
    [
        "import smtplib\nsmtplib.SMTP('smtp.closed.example', 587)",
        "import asyncio\nasyncio.run(asyncio.open_connection('smtp.closed.example', 587))",
        "import asyncio, uvloop\nuvloop.run(asyncio.open_connection('smtp.closed.example', 587))",
        "import http.client\nhttp.client.HTTPConnection('smtp.closed.example', 587).request('GET', '/')",
    ],
    ids=["smtplib", "asyncio", "uvloop", "http.client"],
)
def test_a_closed_port_is_refused_with_the_proxy_s_words(proxy: Proxy, code: str) -> None:
    lines = "\n    ".join(code.split("\n"))
    shown = run(proxy, f"try:\n    {lines}\nexcept ConnectionRefusedError as error:\n    print(error.strerror)", before="import uvloop")
    assert shown == REFUSED.decode()


def test_asyncio_s_streams_work_through_the_tunnel(proxy: Proxy) -> None:
    code = """
import asyncio, uvloop
async def go():
    reader, writer = await asyncio.open_connection("mail.example", 25)
    print(await reader.readline())
    writer.close()
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    print(await reader.read())
    writer.close()
asyncio.run(go())
uvloop.run(go())"""
    assert run(proxy, code, before="import uvloop").split("\n") == [repr(BANNER), "b''"] * 2
    assert proxy.asked == ["CONNECT mail.example:25 HTTP/1.1"] * 2


def test_who_resolves_a_name_itself_is_told_of_the_proxy(proxy: Proxy) -> None:
    # A name that no resolver has, as in a sandbox all are.
    code = "import socket\ntry:\n    socket.getaddrinfo('db.invalid', 5432)\nexcept socket.gaierror as error:\n    print(error.strerror)"
    shown = run(proxy, code)
    assert shown.startswith("db.invalid cannot be looked up in here: apps reach the Internet through the platform's proxy only.")
