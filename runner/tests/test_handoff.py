"""What a pod is given: paths, sizes, proofs, and the address of its database."""

import base64
import json
from pathlib import Path

import pytest

from fp_runner.handoff import MOST_FILE_BYTES, MOST_FILES, ClaimError, is_mac, parse_claim, platform_mac, pod_mac, to_mongo_uri, write_files
from pods import claim_json


def test_files_are_written_as_they_are(tmp_path: Path) -> None:
    binary = bytes(range(256))
    write_files(str(tmp_path / "code"), {"app.py": "ä", "a/b/c.bin": {"base64": base64.b64encode(binary).decode()}, "..data": "", "a b": "x"})
    written = {str(path.relative_to(tmp_path / "code")): path.read_bytes() for path in (tmp_path / "code").rglob("*") if path.is_file()}
    assert written == {"app.py": "ä".encode(), "a/b/c.bin": binary, "..data": b"", "a b": b"x"}


@pytest.mark.parametrize("path", ["../out.py", "/tmp/out.py", "a/../../out.py", "a/..", "a//b.py", "./a.py", "a/./b", "a\0b", "", "a/", "x" * 2_000])
def test_a_path_that_leads_elsewhere_writes_nothing(tmp_path: Path, path: str) -> None:
    with pytest.raises(ClaimError):
        write_files(str(tmp_path / "code"), {"app.py": "x", path: "out"})
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    for files in ({"a": "x" * (MOST_FILE_BYTES + 1)}, {str(number): "" for number in range(MOST_FILES + 1)}, {"a": {"base64": "?"}}, {"a": 1}, {"a": {}}):
        with pytest.raises(ClaimError):
            write_files(str(folder), files)  # type: ignore[arg-type]
    with pytest.raises(ClaimError):
        write_files(str(folder), {"a": "file", "a/b": "below it"})
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ClaimError):
        write_files(str(tmp_path / "link"), {"app.py": "x"})
    assert not (tmp_path / "elsewhere").exists()


def test_a_claim_that_makes_no_sense_is_refused() -> None:
    good = json.loads(claim_json())
    for payload in ("", "[]", "{}", "1", json.dumps({**good, "appId": "a b"}), json.dumps({**good, "door": {"credential": "x\ny"}}), json.dumps({**good, "database": {}})):
        with pytest.raises(ClaimError):
            parse_claim(payload, "/code", "/mongo.sock")


def test_the_credential_is_not_for_the_runner() -> None:
    claim = parse_claim(claim_json({"app.py": "x"}, door={"credential": "secret-credential"}), "/code", "/mongo.sock")
    assert claim.credential == "secret-credential" and "secret-credential" not in json.dumps(claim.message)
    assert parse_claim(claim_json(mode="check", door={"credential": "x"}), "/code", "/mongo.sock").credential is None


def test_proofs_are_of_one_direction_one_pod_and_one_conversation() -> None:
    macs = {pod_mac(b"k", "u", "a", "b"), pod_mac(b"k", "u", "b", "a"), pod_mac(b"k", "v", "a", "b"), pod_mac(b"l", "u", "a", "b")}
    macs |= {platform_mac(b"k", "u", "a", "b", "p"), platform_mac(b"k", "u", "a", "b", "q"), platform_mac(b"k", "u", "b", "a", "p")}
    assert len(macs) == 7
    assert is_mac("ab", "ab") and not any(is_mac(given, "ab") for given in ("aB", "a", "abc", None, 1, "ä"))


def test_the_database_s_address_is_escaped() -> None:
    uri = to_mongo_uri("/run/fp/mongo.sock", {"name": "user_1", "username": "u@x", "password": "p:/ä(!)"})
    assert uri == "mongodb://u%40x:p%3A%2F%C3%A4(!)@%2Frun%2Ffp%2Fmongo.sock/user_1?directConnection=true&timeoutMS=30000&maxPoolSize=10&maxIdleTimeMS=60000&authSource=user_1"
