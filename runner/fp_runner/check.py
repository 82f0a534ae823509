"""Loads an app and prints what came of it, as JSON on the last line."""

import json
import os
import sys

from .loader import LoadFailed, load


def main(arguments: list[str]) -> int:
    """The order is JSON in the first argument (`codePath`, `entrypoint`, `env`), else `CODE_PATH` and `FP_ENTRYPOINT`."""
    order = json.loads(arguments[0]) if arguments else {}
    os.environ.update(order.get("env", {}))
    code_path = os.path.abspath(order.get("codePath") or os.environ.get("CODE_PATH", "."))
    try:
        report = load(code_path, order.get("entrypoint") or os.environ.get("FP_ENTRYPOINT", "app.py")).to_report()
    except LoadFailed as failed:
        report = failed.to_report()
    sys.stdout.write("\n" + json.dumps(report) + "\n")
    sys.stdout.flush()
    # Threads that the app's import began must not keep this process.
    os._exit(0)
