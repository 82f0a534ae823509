"""Which modules apps really import, and what importing them costs a process that has none of them yet.

Reads `{"apps": [{"name", "corpus", "files"}], "packages": [names to import]}` from standard input, prints JSON. Each app is loaded and
asked once in a fork, so that what is imported late counts too. Linux only.
"""

import asyncio
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from fp_runner.warm import ALWAYS, OWN

APP_SECONDS = 20
# Half of all apps: these are what every runner has, and what the others are measured on top of.
CORE = 0.5
RUNS = 5
FORKS = 200


def in_fork(work: Any) -> Any:
    """What `work()` answers in a fork, as JSON; None when it failed or took too long."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        signal.alarm(APP_SECONDS)
        with os.fdopen(writing, "w") as said:
            try:
                json.dump(work(), said)
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr)
            said.flush()
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        words = said.read()
    os.waitpid(pid, 0)
    return json.loads(words) if words else None


def shared_classes() -> dict[type, dict[str, int]]:
    """The classes that are there, with what is set on them: what an import changes of these, it changes for every app."""
    classes = {value for module in list(sys.modules.values()) for value in list(vars(module).values()) if isinstance(value, type)}
    return {each: {name: id(value) for name, value in vars(each).items() if not name.startswith(("__", "_abc"))} for each in classes}


def changes_since(before: dict[type, dict[str, int]]) -> list[str]:
    after = {each: vars(each) for each in before}
    return sorted(
        f"{each.__module__}.{each.__qualname__}.{name}"
        for each, attributes in after.items()
        for name, value in attributes.items()
        if not name.startswith(("__", "_abc")) and before[each].get(name) != id(value)
    )


def imported_by(app: dict[str, Any]) -> list[str] | None:
    """Loads one app, asks it for its first page and its document, and answers the modules that came with it."""
    from fp_runner.loader import load
    from fp_runner.warm import _call

    os.environ["PLATFORM_MONGO_URI"] = "mongodb://u:p@%2Ftmp%2Fnone.sock/db?directConnection=true&timeoutMS=1&serverSelectionTimeoutMS=1"
    os.environ["SECRET_KEY"] = os.environ["API_KEY"] = "x" * 32
    before = set(sys.modules)
    with tempfile.TemporaryDirectory() as folder:
        for path, content in app["files"].items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content if isinstance(content, str) else "")
        sys.stdout = sys.stderr
        loaded = load(folder, "app.py")
        for path in ("/", "/openapi.json"):
            try:
                asyncio.run(asyncio.wait_for(_call(loaded.app, "GET", path, b""), 5))
            except Exception:
                # An error of the app's own is no matter here.
                continue
        own = [name for name in sys.modules if str(getattr(sys.modules[name], "__file__", None) or "").startswith(folder)]
    return sorted(set(sys.modules) - before - set(own))


def private_bytes() -> int:
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Private_"))


def cost(modules: list[str]) -> dict[str, Any] | None:
    """Milliseconds of a processor and bytes that importing `modules` takes, which had to be named (the others came along), what it changes of others."""

    def work() -> dict[str, Any]:
        named = []
        before = private_bytes()
        # The processor's time: what the machine does besides is no part of it, and the files have been read before.
        started = time.process_time()
        for name in modules:
            if name in sys.modules:
                continue
            try:
                importlib.import_module(name)
                named.append(name)
            except Exception:
                continue
        return {"ms": round((time.process_time() - started) * 1000, 2), "bytes": private_bytes() - before, "named": named}

    def look() -> list[str]:
        before = shared_classes()
        for name in modules:
            try:
                importlib.import_module(name)
            except Exception:
                continue
        return changes_since(before)

    runs = [answer for answer in (in_fork(work) for _ in range(RUNS)) if answer]
    if not runs:
        return None
    return {**min(runs, key=lambda run: run["ms"]), "changes": in_fork(look) or []}


def forks_ms() -> float:
    """What a fork of this process takes of a processor, to its end and on both sides."""

    def used() -> float:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

    before = used()
    for _ in range(FORKS):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    return (used() - before) * 1000 / FORKS


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def group_of(name: str) -> str:
    """A package is imported as it is usually used; of the framework and the standard library every module is a choice of its own."""
    top = name.partition(".")[0]
    return name if top in ("fastapi", "starlette") or top in sys.stdlib_module_names else top


def in_order(modules: set[str]) -> list[str]:
    """Packages before what lies in them, the framework first: what comes along with it need not be named."""
    return sorted(modules, key=lambda name: (name != "fastapi", name.count("."), name))


def main() -> None:
    given = json.load(sys.stdin)
    for name in [*ALWAYS, *(f"fp_runner.{name}" for name in OWN)]:
        importlib.import_module(name)
    before = {"fork": forks_ms(), "resident": resident_bytes()}
    seen = [(app, in_fork(lambda app=app: imported_by(app))) for app in given["apps"]]
    loaded = [(app, set(modules)) for app, modules in seen if modules is not None]
    corpora: Counter[str] = Counter(app["corpus"] for app, _ in loaded)

    def share(has: Any) -> float:
        """Of each corpus, on average: a large one must not drown the other."""
        return sum(sum(1 for app, modules in loaded if app["corpus"] == corpus and has(modules)) / count for corpus, count in corpora.items()) / len(corpora)

    used: Counter[str] = Counter(name for _, modules in loaded for name in modules)
    core = {name for name in used if share(lambda modules: name in modules) >= CORE}
    core_cost = cost(in_order(core))
    for name in in_order(core):
        importlib.import_module(name)

    packages: dict[str, set[str]] = defaultdict(set)
    for name in used.keys() - core:
        packages[group_of(name)].add(name)
    for name in given["packages"]:
        packages.setdefault(name, set())
    measured = []
    for top, names in sorted(packages.items()):
        users = [modules for _, modules in loaded if modules & names]
        # What most of those that use it need of it.
        usual = {name for name in names if sum(name in modules for modules in users) * 2 >= len(users)} or ({top} if top not in core else set())
        if not usual:
            continue
        found = cost(in_order(usual))
        if found is None or not found["named"]:
            continue
        part = round(share(lambda modules, names=names: bool(modules & names)), 4)
        measured.append({"package": top, "share": part, **found})
    for entry in measured:
        for name in entry["named"]:
            importlib.import_module(name)
    after = {"fork": forks_ms(), "resident": resident_bytes()}
    per_mb = (after["fork"] - before["fork"]) / ((after["resident"] - before["resident"]) / 1e6)
    failed = [app["name"] for app, modules in seen if modules is None]
    print(json.dumps({"apps": dict(corpora), "failed": failed, "core": core_cost, "forkMsPerMB": round(per_mb, 4), "packages": measured}))


if __name__ == "__main__":
    main()
