"""What a pod is given, and how either side proves who it is: addresses of pods are reused, so neither believes an address.

Pure but for the writing of files. The conversation itself is `pod_control`'s.
"""

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

# Far above what the platform takes as one app, and what a pod's folder in memory holds.
MOST_FILE_BYTES = 8 * 1024 * 1024
MOST_FILES = 2_000
LONGEST_PATH = 1_000
# A check's database: nobody answers there, and it says so well within the time of a check.
CHECK_DATABASE = {"name": "check", "username": "check", "password": "check"}
CHECK_TIMEOUT_MS = 2_000

_nonce = re.compile("[0-9a-f]{64}")
# They stand in a line of words.
_word = re.compile("[A-Za-z0-9_-]{1,200}")


class ClaimError(Exception):
    """What the platform sent cannot be used; the words are for the log of whoever sent it."""


def is_nonce(value: object) -> bool:
    return isinstance(value, str) and _nonce.fullmatch(value) is not None


def pod_mac(key: bytes, uid: str, platform_nonce: str, pod_nonce: str) -> str:
    """Proves to the platform that this pod is the one with `uid` and belongs to its pool."""
    return _mac(key, f"fp-pod|{uid}|{platform_nonce}|{pod_nonce}")


def platform_mac(key: bytes, uid: str, platform_nonce: str, pod_nonce: str, payload: str) -> str:
    """Proves to the pod that the platform meant this claim for it, now."""
    return _mac(key, f"fp-platform|{uid}|{pod_nonce}|{platform_nonce}|{hashlib.sha256(payload.encode()).hexdigest()}")


def is_mac(given: object, expected: str) -> bool:
    """In a time that says nothing of how much was right."""
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class PodClaim:
    """`message` is what the runner is told; the credential is not part of it."""

    app_id: str
    is_check: bool
    message: dict[str, Any]
    # Of the platform's door; None: no way out.
    credential: str | None
    has_database: bool
    files: Mapping[str, Any]


def parse_claim(payload: str | bytes, code_path: str, mongo_path: str) -> PodClaim:
    """Reads the claim of a hand-off, or of the Secret that a Deployment's pod starts with. Raises ClaimError."""
    try:
        claim = json.loads(payload)
        door, database, is_check = claim["door"], claim["database"], claim["mode"] == "check"
        app_id, credential = claim["appId"], None if door is None else door["credential"]
        if not _word.fullmatch(app_id) or not (credential is None or _word.fullmatch(credential)):
            raise ClaimError("the app's id or its credential is not one word")
        message = {name: claim[name] for name in ("instance", "appId", "slug", "version", "entrypoint", "env", "sessionKey", "concurrency", "loadMs")}
        if is_check:
            uri = to_mongo_uri(mongo_path, CHECK_DATABASE, CHECK_TIMEOUT_MS)
        else:
            uri = None if database is None else to_mongo_uri(mongo_path, database)
        message |= {"type": "claim", "codePath": code_path, "mongoUri": uri, "database": None if database is None else database["name"]}
        usable = None if is_check else credential
        return PodClaim(app_id, is_check, message, usable, database is not None and not is_check, claim.get("files") or {})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ClaimError(f"the claim cannot be read: {type(error).__name__}: {error}") from None


def to_mongo_uri(socket_path: str, database: Mapping[str, str], timeout_ms: int = 30_000) -> str:
    """The database's address as an app gets it, the same as from the platform's local runtime."""
    name, user, password, path = (_component(part) for part in (database["name"], database["username"], database["password"], socket_path))
    options = f"directConnection=true&timeoutMS={timeout_ms}&maxPoolSize=10&maxIdleTimeMS=60000&authSource={name}"
    return f"mongodb://{user}:{password}@{path}/{name}?{options}"


def _component(text: str) -> str:
    """As JavaScript's encodeURIComponent."""
    return quote(text, safe="!'()*~")


def write_files(folder: str, files: Mapping[str, Any]) -> None:
    """Writes an app's files into a new `folder`, and nothing outside it. Raises ClaimError before the first is written."""
    if len(files) > MOST_FILES:
        raise ClaimError(f"{len(files)} files; {MOST_FILES} are the most")
    contents = {_safe_path(path): _to_bytes(path, content) for path, content in files.items()}
    total = sum(map(len, contents.values()))
    if total > MOST_FILE_BYTES:
        raise ClaimError(f"{total} bytes of files; {MOST_FILE_BYTES} are the most")
    try:
        os.mkdir(folder)
        for path, content in contents.items():
            target = os.path.join(folder, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o444), "wb") as file:
                file.write(content)
        # As from a mount: what an app writes beside its code goes into its workspace.
        for parent, _, _ in os.walk(folder, topdown=False):
            os.chmod(parent, 0o555)
    except OSError as error:
        raise ClaimError(f"the files cannot be written: {error.strerror}") from None


def _safe_path(path: str) -> str:
    if "\0" in path or len(path) > LONGEST_PATH or any(part in ("", ".", "..") for part in path.split("/")):
        raise ClaimError(f"{path[:200]!r} is no path inside an app's folder")
    return path


def _to_bytes(path: str, content: Any) -> bytes:
    try:
        return content.encode() if isinstance(content, str) else base64.b64decode(content["base64"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise ClaimError(f"{path[:200]!r} is neither text nor base64") from None
