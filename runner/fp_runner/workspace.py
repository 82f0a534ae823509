"""A folder of the instance's own with the app's files, for apps that write beside their code."""

import os
import shutil
import tempfile

# Where FastHTML looks for the key that signs its sessions, and writes one when there is none.
SESSION_KEY_FILE = ".sesskey"


def make_workspace(code_path: str, session_key: str | None = None) -> str:
    """The folder to run in: `code_path` itself where it can be written, else a copy in the private `/tmp`.

    The bundle is mounted read-only, but what runs under `uvicorn app:app` may write to its working directory (a log, a SQLite
    file, FastHTML's key). Here that works too, and is gone with the instance. `session_key` makes FastHTML's key the app's own
    for good, so that its visitors stay signed in over sleep and deployments.
    """
    workspace = code_path if os.access(code_path, os.W_OK) else _copy(code_path)
    if session_key and uses_fasthtml(workspace) and not os.path.exists(os.path.join(workspace, SESSION_KEY_FILE)):
        with open(os.path.join(workspace, SESSION_KEY_FILE), "w") as file:
            file.write(session_key)
    return workspace


def _copy(code_path: str) -> str:
    workspace = os.path.join(tempfile.gettempdir(), "app")
    shutil.copytree(code_path, workspace, copy_function=shutil.copyfile, dirs_exist_ok=True)
    return workspace


def uses_fasthtml(folder: str) -> bool:
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".py"):
                with open(os.path.join(parent, name), "rb") as file:
                    if b"fasthtml" in file.read():
                        return True
    return False
