"""The relay between a sandbox's loopback and the proxy's socket: bytes, ends, pressure, bounds."""

import asyncio
import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fp_runner import relay


class Relay:
    """A relay on a loop of its own, as the init of an instance has it."""

    def __init__(self, target: str) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.loop = asyncio.new_event_loop()
        self.task = self.loop.create_task(relay.serve_relay(self.listener, target))
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self.task)
        except asyncio.CancelledError:
            pass
        finally:
            self.loop.close()

    def connect(self) -> socket.socket:
        client = socket.create_connection(self.listener.getsockname(), 20)
        return client

    def close(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.task.cancel)
            self.thread.join(20)
        assert not self.thread.is_alive()
        self.listener.close()


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "egress.sock"))
        server.listen(1024)
        server.settimeout(20)
        yield server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Relay]]:
    relays: list[Relay] = []

    def start_one() -> Relay:
        relays.append(Relay(str(tmp_path / "egress.sock")))
        return relays[-1]

    yield start_one
    for one in relays:
        one.close()


def accept(proxy: socket.socket) -> socket.socket:
    connection, _ = proxy.accept()
    connection.settimeout(20)
    return connection


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def test_many_megabytes_arrive_as_they_were_sent_both_ways(proxy: socket.socket, start: Callable[[], Relay]) -> None:
    sent = os.urandom(8_000_000)
    with start().connect() as client:
        with accept(proxy) as upstream:
            writers = [threading.Thread(target=lambda side=side: (side.sendall(sent), side.shutdown(socket.SHUT_WR))) for side in (client, upstream)]
            received: dict[str, bytes] = {}
            readers = [threading.Thread(target=lambda name=name, side=side: received.update({name: read_all(side)})) for name, side in (("up", upstream), ("down", client))]
            for thread in (*writers, *readers):
                thread.start()
            for thread in (*writers, *readers):
                thread.join(60)
    assert {name: hashlib.sha256(data).digest() for name, data in received.items()} == dict.fromkeys(("up", "down"), hashlib.sha256(sent).digest())


def test_an_answer_still_comes_after_the_client_ended_its_side(proxy: socket.socket, start: Callable[[], Relay]) -> None:
    with start().connect() as client:
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        with accept(proxy) as upstream:
            assert read_all(upstream) == b"question"
            upstream.sendall(b"answer")
        assert read_all(client) == b"answer"


def test_a_broken_side_ends_the_other(proxy: socket.socket, start: Callable[[], Relay]) -> None:
    one = start()
    client = one.connect()
    with accept(proxy) as upstream:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        assert read_all(upstream) == b""


def test_a_client_that_keeps_a_dead_connection_is_let_go(proxy: socket.socket, start: Callable[[], Relay], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LINGER_SECONDS", 0.1)
    with start().connect() as client:
        accept(proxy).close()
        assert client.recv(1) == b""
        # Nothing reads any more: sooner or later a write is answered by a reset.
        with pytest.raises(OSError):
            for _ in range(10_000):
                client.sendall(b"x" * 1000)
                threading.Event().wait(0.001)


def test_a_reader_that_does_not_read_stops_the_writer(proxy: socket.socket, start: Callable[[], Relay]) -> None:
    with start().connect() as client, accept(proxy) as upstream:
        client.settimeout(1)
        sent = 0
        with pytest.raises(TimeoutError):
            while True:
                sent += client.send(b"x" * 65536)
        # What the kernel keeps in its buffers, and a chunk in the relay: not what one goes on sending.
        assert sent < 64_000_000
        received = 0
        while received < sent:
            received += len(upstream.recv(1_000_000))
        assert received == sent


def test_without_a_proxy_the_client_is_told_so_in_http(start: Callable[[], Relay]) -> None:
    with start().connect() as client:
        client.sendall(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 503 ") and b"X-FP-Egress: unavailable" in answer and b"Try again in a moment" in answer


def test_a_proxy_that_comes_later_is_found(tmp_path: Path, start: Callable[[], Relay]) -> None:
    one = start()
    with one.connect() as client:
        client.sendall(b"x")
        assert b" 503 " in read_all(client)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "egress.sock"))
        server.listen()
        server.settimeout(20)
        with one.connect() as client, accept(server) as upstream:
            client.sendall(b"hello")
            assert upstream.recv(5) == b"hello"


def test_connections_beyond_the_bound_wait_for_their_turn(proxy: socket.socket, start: Callable[[], Relay]) -> None:
    one = start()
    clients = [one.connect() for _ in range(relay.MOST_CONNECTIONS + 5)]
    upstreams = [accept(proxy) for _ in range(relay.MOST_CONNECTIONS)]
    proxy.settimeout(0.2)
    with pytest.raises(TimeoutError):
        proxy.accept()
    proxy.settimeout(20)
    for upstream, client in zip(upstreams[:5], clients[:5], strict=True):
        upstream.close()
        client.close()
    upstreams += [accept(proxy) for _ in range(5)]
    for side in (*clients, *upstreams):
        side.close()


def test_cancelled_it_leaves_no_connection_open(proxy: socket.socket, start: Callable[[], Relay]) -> None:
    one = start()
    with one.connect() as client, accept(proxy) as upstream:
        one.close()
        assert read_all(upstream) == b""
        assert client.recv(1) == b""
