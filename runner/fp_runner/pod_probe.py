"""What a cluster is tried out with: whether one pod reaches another."""

import errno
import signal
import socket
import sys

CONNECT_SECONDS = 5.0
CONNECTED = 0
USAGE = 2
NOT_CONNECTED = 10

_USAGE = "usage: python -m fp_runner probe listen <port> | connect <host> <port>\n"


def probe(arguments: list[str]) -> int:
    """`listen` accepts at `port` until it is told to end; `connect` gives 0 when it was let in and 10 when not, and says so in words."""
    match arguments:
        case ["listen", port] if port.isdigit():
            return _listen(int(port))
        case ["connect", host, port] if port.isdigit():
            return _connect(host, int(port))
    sys.stderr.write(_USAGE)
    return USAGE


def _listen(port: int) -> int:
    _end_when_told()
    family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    with socket.create_server(("", port), family=family, dualstack_ipv6=family == socket.AF_INET6) as listener:
        _say(f"listening at port {listener.getsockname()[1]}")
        while True:
            listener.accept()[0].close()


def _connect(host: str, port: int) -> int:
    target = f"{host}:{port}"
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except TimeoutError:
        _say(f"{target} did not answer within {CONNECT_SECONDS:.0f} s: blocked")
    except OSError as error:
        words = "refused" if error.errno == errno.ECONNREFUSED else error.strerror or str(error)
        _say(f"{target} was not reached: {words}")
    else:
        _say(f"connected to {target}")
        return CONNECTED
    return NOT_CONNECTED


def _end_when_told() -> None:
    """The first process of a container ignores what it has no handler for."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
