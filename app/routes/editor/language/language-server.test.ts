import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startLanguageServer, type LanguageServer, type WorkerLike } from "./language-server.ts";

interface Sent {
  type?: string;
  id?: number;
  method?: string;
  request?: Sent;
  typesUrl?: string | null;
  path?: string;
}

/** A stand-in for the worker: what it does is pyright's affair, and is tested in a browser. */
class FakeWorker implements WorkerLike {
  sent: Sent[] = [];
  ended = false;
  private readonly listeners: Record<string, ((event: never) => void)[]> = {};
  postMessage(message: unknown): void {
    this.sent.push(message as Sent);
  }
  addEventListener(type: string, listener: (event: never) => void): void {
    (this.listeners[type] ??= []).push(listener);
  }
  terminate(): void {
    this.ended = true;
  }
  emit(type: "message" | "error", event: object): void {
    for (const listener of this.listeners[type] ?? []) listener(event as never);
  }
  answer(method: string, result: unknown): void {
    const asked = this.sent.map((message) => message.request ?? message).findLast((message) => message.method === method);
    this.emit("message", { data: { jsonrpc: "2.0", id: asked!.id, result } });
  }
  methods(): (string | undefined)[] {
    return this.sent.map(({ method, type }) => method ?? type);
  }
}

let worker: FakeWorker;
let server: LanguageServer;
let ready: (string | null)[];
let failures: string[];
const begin = (typesUrl: string | null = "/types") => {
  worker = new FakeWorker();
  server = startLanguageServer({
    worker,
    files: { "app.py": "app = 1\n" },
    entrypoint: "app.py",
    typesUrl,
    pythonVersion: "3.11",
    onReady: (missing) => ready.push(missing),
    onFailed: (reason) => failures.push(reason),
  });
};
const turn = () => vi.advanceTimersByTimeAsync(0);
const becomeReady = async () => {
  worker.answer("initialize", { capabilities: {} });
  await turn();
  worker.answer("textDocument/hover", null);
  await turn();
};
beforeEach(() => {
  vi.useFakeTimers();
  ready = [];
  failures = [];
  begin();
});
afterEach(() => void vi.useRealTimers());

test("it is ready after its first answer, and files changed in the meantime are told", async () => {
  expect(worker.methods()).toEqual(["browser/boot", "fp/initialize"]);
  server.sync({ "app.py": "app = 2\n", "b.py": "" });
  expect(await server.ask("textDocument/hover", {})).toBeNull();
  worker.answer("initialize", {});
  await turn();
  expect(worker.methods().slice(2)).toEqual([
    "initialized",
    "pyright/createFile",
    "textDocument/didOpen",
    "pyright/createFile",
    "textDocument/didOpen",
    "textDocument/hover",
  ]);
  expect(JSON.stringify(worker.sent)).toContain("app = 2");
  expect(ready).toEqual([]);
  worker.answer("textDocument/hover", null);
  await turn();
  expect(ready).toEqual([null]);
});

test("what is asked is sent after the change before it", async () => {
  await becomeReady();
  server.sync({ "app.py": "app.\n" });
  const asked = server.ask("textDocument/completion", {});
  expect(worker.methods().slice(-2)).toEqual(["textDocument/didChange", "textDocument/completion"]);
  worker.answer("textDocument/completion", { items: [] });
  expect(await asked).toEqual({ items: [] });
});

test("a worker that cannot be loaded, or does not start in time, is a failure and is ended", async () => {
  worker.emit("error", {});
  expect(failures).toEqual(["The browser could not load it."]);
  expect(worker.ended).toBe(true);
  begin();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(failures.slice(1)).toEqual(["It did not start in time."]);
  expect(worker.ended).toBe(true);
});

test("one that stops answering is a failure; an exception in one that answers is none", async () => {
  await becomeReady();
  worker.emit("error", { message: "a bug" });
  expect(failures).toEqual([]);
  const asked = server.ask("textDocument/hover", {});
  await vi.advanceTimersByTimeAsync(45_000);
  expect(await asked).toBeNull();
  expect(failures).toEqual(["It stopped answering."]);
});

test("without the sources of packages it is ready, and says why it knows none", async () => {
  worker.emit("message", { data: { type: "fp/types-missing", reason: "the server answered 503" } });
  await becomeReady();
  expect(ready).toEqual(["the server answered 503"]);
  begin(null);
  await becomeReady();
  expect(ready[1]).toBe("this installation has none of them at hand");
});

test("a file's text is asked for once, and nothing waits when it ends", async () => {
  await becomeReady();
  const texts = [server.readSource("/lib/a.py"), server.readSource("/lib/a.py")];
  expect(worker.sent.filter(({ type }) => type === "fp/read")).toHaveLength(1);
  worker.emit("message", { data: { type: "fp/text", path: "/lib/a.py", text: "x" } });
  expect(await Promise.all(texts)).toEqual(["x", "x"]);
  const late = server.readSource("/lib/b.py");
  server.dispose();
  expect(await late).toBeNull();
  expect(worker.ended).toBe(true);
});
