"""What a pod's container is told by its environment, and how its first process forgets it.

/proc/1/environ shows what a process was started with for as long as it lives. So the container's command puts what it was told into
two pipes, one of them for the key alone, and executes itself anew with an environment that an app may see.
"""

import base64
import json
import os
import sys
from dataclasses import asdict, dataclass

# Names the two pipes after the second start: settings, key.
PIPES_VARIABLE = "FP_PIPES"
# A pipe takes so much before anybody reads it.
MOST_PIPED_BYTES = 60_000
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Settings:
    """All but the key. The ports, the folder and the file are the same in every pod; tests run several on one machine."""

    uid: str
    name: str
    # Where the platform's way out listens; None: this pod has none.
    door_host: str | None
    door_port: int
    # A compiled classic BPF program in base64; empty where the architecture has none.
    seccomp: str
    folder: str
    app_port: int
    control_port: int
    egress_port: int
    termination_log: str

    @property
    def claimed_path(self) -> str:
        """Written before anything else of a claim: a container that starts and finds it has lost what it was given."""
        return os.path.join(self.folder, "claimed")

    @property
    def code_path(self) -> str:
        return os.path.join(self.folder, "code")

    @property
    def mongo_path(self) -> str:
        return os.path.join(self.folder, "mongo.sock")

    @property
    def filter(self) -> bytes:
        return base64.b64decode(self.seccomp)

    @classmethod
    def from_environment(cls, environment: "os._Environ[str]") -> "Settings":
        """`FP_POD_UID`, `FP_POD_NAME`, and optionally `FP_DOOR` (`host:port`), `FP_SECCOMP` (JSON of base64 by machine), and where things lie."""
        host, _, port = environment.get("FP_DOOR", "").rpartition(":")
        programs = json.loads(environment.get("FP_SECCOMP") or "{}")
        return cls(
            uid=environment["FP_POD_UID"],
            name=environment.get("FP_POD_NAME", ""),
            door_host=host.strip("[]") or None,
            door_port=int(port or 0),
            seccomp=programs.get(os.uname().machine, ""),
            folder=environment.get("FP_FOLDER", "/run/fp"),
            app_port=int(environment.get("FP_APP_PORT", "8000")),
            control_port=int(environment.get("FP_CONTROL_PORT", "8001")),
            egress_port=int(environment.get("FP_EGRESS_PORT", "3128")),
            termination_log=environment.get("FP_TERMINATION_LOG", "/dev/termination-log"),
        )


def is_pod() -> bool:
    """Whether this is a pod's container, at its first start or its second."""
    return "FP_POD_UID" in os.environ or PIPES_VARIABLE in os.environ


def start_anew(mode: str) -> None:
    """Executes `fp_runner <mode>` in this very process with a clean environment, once. Raises KeyError when `FP_POD_UID` is missing."""
    environment = os.environ
    if PIPES_VARIABLE in environment:
        return
    pipes = [_pipe(json.dumps(asdict(Settings.from_environment(environment)))), _pipe(environment.get("FP_POOL_KEY", ""))]
    # Never the working directory: an app could have left a module there before its container was started again.
    command = [sys.executable, "-P", "-u", "-m", "fp_runner", mode]
    os.execve(sys.executable, command, {**runner_environment(), PIPES_VARIABLE: ",".join(map(str, pipes))})


def take_pipes() -> tuple[int, int]:
    """The descriptors of settings and key, not to be inherited further."""
    settings, key = map(int, os.environ.pop(PIPES_VARIABLE).split(","))
    for pipe in (settings, key):
        os.set_inheritable(pipe, False)
    return settings, key


def read_settings(pipe: int) -> Settings:
    return Settings(**json.loads(read_all(pipe)))


def read_all(pipe: int) -> bytes:
    with os.fdopen(pipe, "rb") as file:
        return file.read()


def runner_environment() -> dict[str, str]:
    """What an app finds besides its own variables: the same as in a sandbox of one machine."""
    scratch = os.environ.get("TMPDIR", "/tmp")
    return {
        "PATH": f"{os.path.dirname(sys.executable)}:{SYSTEM_PATH}",
        "HOME": scratch,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }


def _pipe(text: str) -> int:
    content = text.encode()
    if len(content) > MOST_PIPED_BYTES:
        raise ValueError(f"the container's environment holds {len(content)} bytes of settings; {MOST_PIPED_BYTES} are the most")
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    os.set_inheritable(reading, True)
    return reading
