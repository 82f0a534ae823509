"""Leads what an app sends to the Internet to the platform's egress proxy, without a change to the app.

HTTP clients find the proxy in the environment, aiohttp too once it is told to look there. What opens connections of its own
(smtplib, imaplib, asyncio.open_connection) goes through a tunnel of the proxy (`tunnel`).
"""

import functools
import importlib.machinery
import os
import sys
import types
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from typing import Any

from .tunnel import use_tunnel

# What an app serves to itself stays in its sandbox.
OWN_HOSTS = ("localhost", "127.0.0.1", "::1")


def use_proxy(port: int) -> None:
    """Makes 127.0.0.1:`port` the proxy of everything the app imports or has imported. Called once, before the app's code.

    A variable that the app's environment has already, in either case, is the app's wish and stays.
    """
    proxy = f"http://127.0.0.1:{port}"
    for name, value in (("HTTP_PROXY", proxy), ("HTTPS_PROXY", proxy), ("ALL_PROXY", proxy), ("NO_PROXY", ",".join(OWN_HOSTS))):
        if name not in os.environ and name.lower() not in os.environ:
            os.environ[name] = os.environ[name.lower()] = value
    lead_out(port)


@functools.cache
def lead_out(port: int) -> None:
    """Changes the libraries themselves, once: a zygote that knows the port of all its forks has done it for them."""
    use_tunnel(port)
    for name, change in _CHANGES.items():
        if name in sys.modules:
            change(sys.modules[name])
    sys.meta_path.insert(0, _AfterImport())


def is_below_localhost(host: str | None) -> bool:
    """`shop.localhost`, with or without a port: another app of a platform on this machine, and never the sandbox's own."""
    name = (host or "").lower().partition(":")[0].rstrip(".")
    return name.endswith(".localhost")


def _trust_environment(client: types.ModuleType) -> None:
    """aiohttp looks at the proxy variables only when asked; `trust_env=False` in the app still says no."""
    defaults = getattr(getattr(getattr(client, "ClientSession", None), "__init__", None), "__kwdefaults__", None)
    if defaults and "trust_env" in defaults:
        defaults["trust_env"] = True


def _keep_apps(name: str, host_of: Callable[[Any], str | None]) -> Callable[[types.ModuleType], None]:
    """To these libraries `localhost` in NO_PROXY means every name below it as well: other apps would be looked for in here."""

    def change(module: types.ModuleType) -> None:
        original = getattr(module, name, None)
        if original is None:
            return

        def bypasses(target: Any, *arguments: Any, **named: Any) -> Any:
            return not is_below_localhost(host_of(target)) and original(target, *arguments, **named)

        setattr(module, name, bypasses)

    return change


def _host_in_url(url: Any) -> str | None:
    from urllib.parse import urlsplit

    try:
        return urlsplit(str(url)).hostname
    except ValueError:
        return None


_CHANGES: dict[str, Callable[[types.ModuleType], None]] = {
    "aiohttp.client": _trust_environment,
    "aiohttp.helpers": _keep_apps("proxy_bypass", str),
    "requests.utils": _keep_apps("should_bypass_proxies", _host_in_url),
    "urllib.request": _keep_apps("proxy_bypass", str),
}


class _AfterImport(MetaPathFinder):
    """Makes the change of a module when the app imports it, so that an app that does not pays nothing."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        change = _CHANGES.get(name)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if change else None
        if change is None or spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: types.ModuleType) -> None:
            execute(module)
            change(module)

        # On this one loader, which stays what it is to whoever reads sources or resources through it.
        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
