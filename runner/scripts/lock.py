"""Locks the packages that every app can import, and lists them for the platform.

    python scripts/lock.py            # compiles requirements.lock (needs uv), then packages.json
    python scripts/lock.py packages   # packages.json only, from an environment with the lock installed

`packages.json` is what `GET /api/packages` shows and what the import check allows: each distribution with the modules it brings.
"""

import json
import re
import subprocess
import sys
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

HERE = Path(__file__).parent.parent
# The least version that runs apps; the lock's markers cover the newer ones.
PYTHON_VERSION = "3.11"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def compile_lock() -> None:
    command = ["uv", "pip", "compile", "--universal", "--generate-hashes", "--no-header", "--python-version", PYTHON_VERSION]
    subprocess.run([*command, "--no-emit-index-url", "requirements.in", "-o", "requirements.lock"], cwd=HERE, check=True)


def list_packages() -> None:
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (HERE / "requirements.lock").read_text(), re.M))
    installed = {canonical(found.metadata["Name"]): found.version for found in distributions()}
    imports: dict[str, set[str]] = {}
    for module, names in packages_distributions().items():
        for name in names:
            if module.isidentifier() and not module.startswith("_"):
                imports.setdefault(canonical(name), set()).add(module)
    packages = []
    for name, version in sorted(locked.items()):
        if installed.get(canonical(name)) == version and imports.get(canonical(name)):
            packages.append({"name": name, "version": version, "imports": sorted(imports[canonical(name)])})
    content = {"pythonVersion": PYTHON_VERSION, "packages": packages}
    (HERE / "packages.json").write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] != ["packages"]:
        compile_lock()
    list_packages()
