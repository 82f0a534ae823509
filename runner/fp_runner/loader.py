"""Finds the app in a bundle: imports the entrypoint and takes `app` or what `create_app()` makes."""

import importlib
import inspect
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .failure import Failure, describe

Asgi = Callable[..., Any]

# An app with more is still served; the report would be no help to anybody.
MOST_ROUTES = 2_000


class LoadInterrupted(BaseException):
    """The platform ended the load, since it took too long: raised where the app's code was at that moment."""


class LoadFailed(Exception):
    """The app could not be loaded. `kind` is `load` or `entrypoint`."""

    def __init__(self, kind: str, failure: Failure, import_ms: float) -> None:
        super().__init__(failure.message)
        self.kind = kind
        self.failure = failure
        self.import_ms = import_ms

    def to_error(self) -> dict[str, Any]:
        return self.failure.to_json(kind=self.kind)

    def to_report(self) -> dict[str, Any]:
        return {"ok": False, "framework": None, "factory": False, "routes": [], "importMs": self.import_ms, "error": self.to_error()}


@dataclass(frozen=True)
class Loaded:
    app: Asgi
    framework: str
    factory: bool
    routes: list[dict[str, Any]]
    import_ms: float

    def to_report(self) -> dict[str, Any]:
        return {"ok": True, "framework": self.framework, "factory": self.factory, "routes": self.routes, "importMs": self.import_ms}


def load(code_path: str, entrypoint: str) -> Loaded:
    """Imports `entrypoint` (a path below `code_path`) and finds the app in it.

    The folder becomes the working directory and the first place that imports look in, as under `uvicorn app:app`.
    Raises LoadFailed for whatever the app did, SystemExit and KeyboardInterrupt included.
    """
    started = time.perf_counter()
    elapsed = lambda: round((time.perf_counter() - started) * 1000, 1)  # noqa: E731
    try:
        os.chdir(code_path)
        sys.path.insert(0, code_path)
        make_room(code_path)
        importlib.invalidate_caches()
        module = importlib.import_module(module_name(entrypoint))
        app, factory = find_app(module, entrypoint)
    except EntrypointError as error:
        raise LoadFailed("entrypoint", Failure("EntrypointError", str(error), "", entrypoint, 1), elapsed()) from error
    except LoadInterrupted as error:
        raise LoadFailed("timeout", describe(error, code_path), elapsed()) from error
    except BaseException as error:  # noqa: BLE001 (sys.exit at import is the author's failure, not ours)
        raise LoadFailed("load", _describe_load(error, code_path), elapsed()) from error
    return Loaded(app, detect_framework(app), factory, list_routes(app), elapsed())


def make_room(code_path: str) -> None:
    """Forgets preloaded packages that the bundle has modules of the same name for: under plain uvicorn the bundle's would be found.

    The standard library stays: uvicorn itself has most of it imported before it looks at an app.
    """
    own = {entry.name.removesuffix(".py") for entry in os.scandir(code_path) if entry.name.endswith(".py") or entry.is_dir()}
    taken = {top for top in own - sys.stdlib_module_names - {"fp_runner", "__main__"} if top in sys.modules}
    # Hardly ever any, and there are two thousand modules to look through.
    for name in list(sys.modules) if taken else ():
        if name.partition(".")[0] in taken:
            del sys.modules[name]


def module_name(entrypoint: str) -> str:
    return entrypoint.removesuffix(".py").replace("/", ".")


class EntrypointError(Exception):
    pass


def find_app(module: Any, entrypoint: str) -> tuple[Asgi, bool]:
    """The ASGI app of `module`, and whether `create_app()` made it."""
    if hasattr(module, "app"):
        app, factory = module.app, False
    elif callable(getattr(module, "create_app", None)):
        app, factory = module.create_app(), True
        if inspect.isawaitable(app):
            getattr(app, "close", lambda: None)()
            raise EntrypointError(f"create_app() in {entrypoint} is async. Make it an ordinary function that returns the app; what must be awaited belongs into the lifespan.")
    else:
        raise EntrypointError(f"{entrypoint} defines neither app nor create_app(). Add app = FastAPI() to it.")
    if not callable(app):
        source = "create_app() returned" if factory else "app is"
        raise EntrypointError(f"In {entrypoint} {source} {type(app).__name__}, which is no ASGI app. It must be something like FastAPI().")
    return app, factory


def detect_framework(app: Asgi) -> str:
    modules = {base.__module__.partition(".")[0] for base in type(app).__mro__}
    return "fasthtml" if "fasthtml" in modules else "fastapi" if "fastapi" in modules else "asgi"


def list_routes(app: Asgi) -> list[dict[str, Any]]:
    shown = []
    for route in getattr(app, "routes", None) or []:
        path = getattr(route, "path", None)
        if isinstance(path, str) and len(shown) < MOST_ROUTES:
            methods = sorted(str(method) for method in getattr(route, "methods", None) or [])
            shown.append({"path": path, "methods": methods, "name": str(getattr(route, "name", "") or "")})
    return shown


def _describe_load(error: BaseException, code_path: str) -> Failure:
    failure = describe(error, code_path)
    if isinstance(error, SystemExit):
        message = f"The app ended itself with sys.exit({error.code!r}) while it was imported."
        return Failure(failure.type, message, failure.traceback, failure.file, failure.line)
    return failure
