/** The apps that the conformance suite runs. */
import type { Files } from "#core/contract/files.ts";

const app = (...lines: string[]): Files => ({ "app.py": `${lines.join("\n")}\n` });
const imports = ["from fastapi import FastAPI", "app = FastAPI()"];

export const hello = (word: string): Files => ({
  "app.py": `${imports.join("\n")}\nfrom words.one import WORD\n@app.get("/")\ndef root(): return {"hello": WORD}\n`,
  "words/__init__.py": "",
  "words/one.py": `WORD = "${word}"\n`,
});

export const broken = (): Files => app("from fastapi import FastAPI", "app = FastAPI()", 'raise RuntimeError("broken on purpose")');

export const hangs = (): Files => app("import time", "time.sleep(600)", ...imports);

export const slow = (word: string): Files =>
  app(
    "import asyncio",
    ...imports,
    '@app.get("/slow")',
    "async def slow(ms: int):",
    "    await asyncio.sleep(ms / 1000)",
    `    return "${word}"`,
  );

export const lifespan = (): Files =>
  app(
    "from contextlib import asynccontextmanager",
    "from fastapi import FastAPI",
    "state = []",
    "@asynccontextmanager",
    "async def life(app):",
    '    state.append("started")',
    "    yield",
    '    print("lifespan is over")',
    "app = FastAPI(lifespan=life)",
    '@app.get("/")',
    "def root(): return state[0]",
  );

export const lifespanFails = (): Files =>
  app(
    "from contextlib import asynccontextmanager",
    "from fastapi import FastAPI",
    "@asynccontextmanager",
    "async def life(app):",
    '    raise RuntimeError("no start today")',
    "    yield",
    "app = FastAPI(lifespan=life)",
  );

export const prints = (): Files =>
  app(
    "import sys",
    ...imports,
    '@app.get("/")',
    "def root():",
    '    print("to stdout äöü")',
    '    print("to stderr", file=sys.stderr)',
    "    return 1",
  );

export const floods = (): Files =>
  app(...imports, '@app.get("/")', "def root(lines: int):", "    for n in range(lines): print('x' * 60, n)", "    return 1");

export const raises = (): Files => app(...imports, "", '@app.get("/")', "def root():", "    zero = 0", "    return 1 / 0");

export const environment = (): Files => app("import os", ...imports, '@app.get("/")', "def root(): return dict(os.environ)");

export const exits = (): Files =>
  app("import os", ...imports, '@app.get("/")', "def root(): return 1", '@app.get("/exit")', "def leave(): os._exit(139)");

export const exitsAtImport = (): Files => app("import os", "os._exit(5)", ...imports);

/** Loads until its variables say otherwise. */
export const breaksLater = (): Files => app("import os", ...imports, 'if os.environ.get("APP_BREAKS"): raise RuntimeError("broken later")');

export const eatsMemory = (): Files =>
  app(
    ...imports,
    "kept = []",
    '@app.get("/")',
    "def root(): return 1",
    '@app.get("/eat")',
    "def eat(mib: int):",
    "    for _ in range(mib): kept.append(bytearray(b'x') * 1048576)",
    "    return len(kept)",
  );

export const eatsMemoryAtImport = (): Files => app("kept = [bytearray(b'x') * 1048576 for _ in range(600)]", ...imports);

export const forks = (): Files =>
  app(
    "import os, signal, time",
    ...imports,
    '@app.get("/")',
    "def root():",
    "    children = []",
    "    try:",
    "        while len(children) < 500:",
    "            pid = os.fork()",
    "            if pid == 0: time.sleep(60); os._exit(0)",
    "            children.append(pid)",
    "    except OSError: pass",
    "    for pid in children: os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)",
    "    return len(children)",
  );

export const hostile = (): Files => ({
  "app.py": `
import ctypes, errno, os, platform, socket
from fastapi import FastAPI

app = FastAPI()

def attempt(act):
    try:
        return act()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"

@app.get("/read")
def read(x: str):
    return attempt(lambda: os.listdir(x) if os.path.isdir(x) else open(x, "rb").read(200).decode("latin-1"))

@app.get("/write")
def write(x: str):
    return attempt(lambda: open(x, "w").write("x"))

@app.get("/processes")
def processes(x: str = ""):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("cmdline", "environ"):
            found.append(attempt(lambda: open(f"/proc/{pid}/{name}").read().replace("\\0", " ")))
    return found

@app.get("/connect")
def connect(x: str):
    host, port = x.rsplit(":", 1)
    return attempt(lambda: str(socket.create_connection((host, int(port)), timeout=3)))

@app.get("/interfaces")
def interfaces(x: str = ""):
    return [name for _, name in socket.if_nameindex()]

@app.get("/status")
def status(x: str = ""):
    return {name: value.strip() for name, _, value in (line.partition(":") for line in open("/proc/self/status"))}

NUMBERS = {
    "x86_64": {"unshare": 272, "mount": 165, "ptrace": 101, "bpf": 321, "clone3": 435},
    "aarch64": {"unshare": 97, "mount": 40, "ptrace": 117, "bpf": 280, "clone3": 435},
}

@app.get("/syscall")
def syscall(x: str):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(NUMBERS[platform.machine()][x], 0x10000000, 0, 0, 0, 0)
    return errno.errorcode[ctypes.get_errno()] if result == -1 else f"allowed: {result}"

@app.get("/vsock")
def vsock(x: str = ""):
    return attempt(lambda: str(socket.socket(40, socket.SOCK_STREAM)))

@app.get("/fill")
def fill(x: str):
    written = 0
    try:
        with open(f"{x}/fill", "wb", buffering=0) as file:
            while written < 400:
                file.write(b"x" * 1048576)
                written += 1
    except OSError:
        pass
    os.unlink(f"{x}/fill")
    return written
`,
});
