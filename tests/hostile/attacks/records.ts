import { expect } from "vitest";
import type { Attack, Attacker } from "../attack.ts";
import type { HostileWorld } from "../world.ts";

/** Against what the platform writes down and believes. */
export const recordAttacks: readonly Attack[] = [
  {
    name: "forging the request log of another app",
    source: `
from pymongo import MongoClient
@app.post("/attack")
def attack(facts: dict):
    database = MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()
    victim = facts["victim"]
    forged = {"request_id": victim["failedRequestId"], "type": "Forged", "message": "forged", "traceback": "forged", "file": "forged.py", "line": 1}
    database["_platform_request_logs"].insert_many([{**forged, "app_id": victim["appId"]}, {**forged, "app_id": victim["slug"]}])
    other = MongoClient(os.environ["PLATFORM_MONGO_URI"])[victim["database"]]
    return {"theirs": attempt(lambda: other["_platform_request_logs"].insert_one({**forged, "app_id": victim["appId"]}))}
`,
    sees: async (seen, { platform, victim, facts }) => {
      expect(seen).not.toContain("DONE");
      const entry = await platform.api(victim.token, "GET", `/api/apps/${victim.id}/requests/${facts.victim.failedRequestId}`);
      expect(entry).toMatchObject({ error: { type: "RuntimeError", message: "the victim's own failure" } });
    },
    told: null,
    counter: null,
  },
  {
    name: "another's request id",
    source: `
@app.post("/attack")
def attack(request: Request):
    raise RuntimeError(request.headers["x-request-id"])
`,
    act: async (attacker, { facts, platform, victim }) => {
      const headers = {
        "x-request-id": facts.victim.failedRequestId,
        "x-fp-instance": "forged",
        "x-fp-request-id": facts.victim.failedRequestId,
      };
      await attacker.call("/attack", { method: "POST", headers });
      const entry = await platform.api(victim.token, "GET", `/api/apps/${victim.id}/requests/${facts.victim.failedRequestId}`);
      expect(entry).toMatchObject({ path: "/fail", error: { message: "the victim's own failure" } });
      return facts.victim.failedRequestId;
    },
    sees: async (seen, { platform, token }) => {
      const stranger = await platform.call(`/api/apps/none/requests/${seen}`, { headers: { authorization: `Bearer ${token}` } });
      expect(stranger.status).toBe(404);
    },
    // The exception lies with the id that the gateway gave.
    told: { exception: /"type":"RuntimeError","message":"[0-9a-f]{32}"/ },
    counter: null,
  },
  {
    name: "patching the middleware",
    source: `
middleware, exception_log, failure = (sys.modules[f"fp_runner.{name}"] for name in ("middleware", "exception_log", "failure"))
async def forged(self, scope, receive, send):
    if scope["type"] == "lifespan":
        return await self.app(scope, receive, send)
    if scope["path"] == "/alive":
        return await original(self, scope, receive, send)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-request-id", b"forged"), (b"x-fp-instance", b"forged"), (b"content-length", b"6")]})
    await send({"type": "http.response.body", "body": b"forged"})
original = middleware.Platform.__call__
middleware.Platform.__call__ = forged
exception_log.ExceptionLog.add = lambda self, record: None
failure.describe = lambda *_: 1 / 0
`,
    act: async (attacker, world) => {
      await attacker.call("/patched/path?secret=1");
      return JSON.stringify(await requestsOf(attacker, world));
    },
    sees: (seen) => {
      const [entry] = JSON.parse(seen) as Record<string, unknown>[];
      expect(entry).toMatchObject({
        method: "GET",
        path: "/patched/path",
        queryNames: ["secret"],
        status: 200,
        answeredBy: "app",
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
    },
    told: null,
    counter: null,
  },
  {
    name: "forged and endless messages on the platform's line",
    heavy: true,
    source: `
@app.post("/attack")
def attack(facts: dict):
    lines = []
    for fd in range(3, 64):
        try:
            each = socket.socket(fileno=os.dup(fd))
            if each.family == socket.AF_UNIX and each.type == socket.SOCK_STREAM and not each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                lines.append(each)
        except OSError:
            pass
    victim = facts["victim"]
    record = {"requestId": victim["failedRequestId"], "appId": victim["appId"], "at": 0, "type": "Forged", "message": "forged", "traceback": "forged"}
    forged = [{"type": "exception", "record": record, "appId": victim["appId"]}, {"type": "dropped", "count": 2**52}, {"type": "ready", "ms": 1},
        {"type": "failed", "error": {"kind": "load", "type": "F", "message": "forged"}}, {"type": "exit", "code": 0, "signal": None}, {"type": "claim"},
        {"type": "forked", "instance": "x", "pid": 1}]
    text = "".join(json.dumps(each) + "\\n" for each in forged).encode()
    until = time.monotonic() + 3
    sent = 0
    for line in lines[:2]:
        line.settimeout(0.5)
        for piece in (text, b"garbage\\n" * 1000, b"[" * 4_194_000 + b"\\n", text * 2000, b"x" * 20_000_000):
            try:
                line.sendall(piece)
                sent += len(piece)
            except OSError:
                pass
            if time.monotonic() > until: break
    return {"lines": len(lines), "sent": sent}
`,
    sees: async (seen, { platform, victim, facts }) => {
      expect(seen).toMatch(/"sent":[1-9]/);
      const entry = await platform.api(victim.token, "GET", `/api/apps/${victim.id}/requests/${facts.victim.failedRequestId}`);
      expect(entry).toMatchObject({ error: { type: "RuntimeError", message: "the victim's own failure" } });
    },
    told: { log: /What was written to descriptor 3, the platform's own, meant nothing to it/ },
    counter: 'fp_limited_total{what="messages"}',
  },
  {
    name: "exceptions without measure",
    source: `
class Vicious(Exception):
    def __str__(self): return "v" * 5_000_000
    def __repr__(self): raise SystemExit
class Broken(Exception):
    def __str__(self): raise RuntimeError("no words")
@app.get("/huge")
def huge(): raise Vicious()
@app.get("/broken")
def broken(): raise Broken()
@app.get("/named")
def named(): raise type("N" * 100_000, (Exception,), {"__module__": "m" * 100_000})("named")
@app.get("/deep")
def deep():
    error = ValueError("innermost")
    for _ in range(500):
        try: raise RuntimeError("outer") from error
        except RuntimeError as outer: error = outer
    raise error
`,
    act: async (attacker, world) => {
      for (const path of ["/huge", "/broken", "/named", "/deep"]) expect((await attacker.call(path)).status).toBe(500);
      return JSON.stringify(await requestsOf(attacker, world));
    },
    sees: (seen) => {
      const entries = JSON.parse(seen) as { path: string; status: number }[];
      expect(entries.filter(({ status }) => status === 500)).toHaveLength(4);
      expect(seen.length).toBeLessThan(500_000);
    },
    told: { exception: /<its __str__ raised RuntimeError>/ },
    counter: null,
  },
  {
    name: "records of 12 MB in its own request log",
    source: `
from pymongo import MongoClient
@app.post("/attack")
def attack(request: Request):
    raise RuntimeError("one of many")
@app.post("/stuff")
def stuff(ids: list[str]):
    logs = MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()["_platform_request_logs"]
    logs.drop_indexes()
    for index in ids:
        logs.insert_one({"app_id": own, "request_id": index, "type": "T", "message": "m", "traceback": "t" * 12_000_000, "timestamp": 0})
    return len(ids)
@app.post("/own")
def set_own(value: dict):
    global own
    own = value["id"]
`,
    act: async (attacker, world) => {
      const headers = { "content-type": "application/json" };
      await attacker.call("/own", { method: "POST", headers, body: JSON.stringify({ id: attacker.id }) });
      await Promise.all(Array.from({ length: 6 }, () => attacker.call("/attack", { method: "POST" })));
      const ids = (await requestsOf(attacker, world)).map(({ id }) => id);
      const stuffed = await attacker.call("/stuff", { method: "POST", headers, body: JSON.stringify(ids), timeoutMs: 60_000 });
      expect(stuffed.status).toBe(200);
      const before = world.residentBytes();
      let most = before;
      const watch = setInterval(() => (most = Math.max(most, world.residentBytes())), 20);
      await requestsOf(attacker, world);
      await requestsOf(attacker, world);
      clearInterval(watch);
      return String(most - before);
    },
    sees: (seen) => expect(Number(seen)).toBeLessThan(60_000_000),
    told: null,
    counter: null,
  },
];

/** As the owner's page has them, newest first. */
async function requestsOf({ id }: Attacker, { platform, token }: HostileWorld): Promise<{ id: string; path: string }[]> {
  return (await platform.api<{ items: { id: string; path: string }[] }>(token, "GET", `/api/apps/${id}/requests`)).items;
}
