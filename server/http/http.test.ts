import { expect, test } from "vitest";
import { AppError } from "#core/contract/problem.ts";
import { problemResponse, toAppError } from "./errors.ts";
import { createLogger } from "./logger.ts";
import { isForeignWrite, visiblePath } from "./pages.ts";
import { safeNext } from "./route.ts";
import { eventStream } from "./sse.ts";

const never = new AbortController().signal;
const request = (headers: Record<string, string> = {}) => new Request("http://localhost:3000/events", { headers });

test("a stream gives its items with their ids, and says that it ended", async () => {
  async function* items() {
    yield "a";
    yield "b";
  }
  const response = eventStream(request(), items(), (item, index) => ({ id: String(index), data: { item } }), never);
  expect(await response.text()).toBe(
    'retry: 2000\n\nid: 0\ndata: {"item":"a"}\n\nid: 1\ndata: {"item":"b"}\n\nid: end\nevent: end\ndata: {}\n\n',
  );
  expect(eventStream(request({ "last-event-id": "end" }), items(), () => null, never).status).toBe(204);
});

test("a failure in a stream is a problem, without what is inside", async () => {
  async function* failing(): AsyncGenerator<string> {
    yield "first";
    throw new Error("password of the database");
  }
  const text = await eventStream(request(), failing(), (data) => ({ data }), never).text();
  expect(text).toContain("event: problem");
  expect(text).toContain('"code":"internal_error"');
  expect(text).not.toContain("password of the database");
});

test("a stream's source ends when the reader leaves, and when the platform stops", async () => {
  for (const leave of ["reader", "platform"] as const) {
    const ended = Promise.withResolvers<void>();
    const stop = new AbortController();
    const endless = async function* (signal: AbortSignal) {
      try {
        yield "first";
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      } finally {
        ended.resolve();
      }
    };
    const reader = eventStream(request(), endless, (data) => ({ data }), stop.signal).body!.getReader();
    await reader.read();
    await reader.read();
    if (leave === "reader") await reader.cancel();
    else stop.abort();
    await ended.promise;
    if (leave === "platform") expect(await reader.read()).toEqual({ done: true, value: undefined });
  }
});

test("a lost database is unavailable and a full disk is storage_full, however deep the cause; anything else is a bug", () => {
  const named = (name: string) => Object.assign(new Error("connect ECONNREFUSED mongodb://u:secret@host"), { name });
  expect(toAppError(named("MongoServerSelectionError")).code).toBe("database_unavailable");
  expect(toAppError(new Error("outer", { cause: named("MongoNetworkError") })).code).toBe("database_unavailable");
  expect(toAppError(Object.assign(new Error("no space"), { code: "ENOSPC" })).code).toBe("storage_full");
  expect(toAppError(new TypeError("x is undefined")).code).toBe("internal_error");
  expect(toAppError("a string").code).toBe("internal_error");
});

test("a problem document keeps its standard members whatever extra says", async () => {
  const response = problemResponse(
    new AppError("draft_changed", "Changed", { extra: { status: 1, code: "x", current: "hash" }, retryAfterSeconds: 3 }),
  );
  expect(await response.json()).toMatchObject({ status: 409, code: "draft_changed", current: "hash" });
  expect(response.headers.get("retry-after")).toBe("3");
});

test("the log shows no secret, by name or by form", () => {
  let text = "";
  const logger = createLogger({ level: "debug", format: "json", write: (line) => (text += line) });
  logger.error("mongodb://root:hunter2@host failed", {
    password: "hunter2",
    nested: { apiKey: "hunter2" },
    header: "Bearer hunter2.hunter2",
    error: new Error("fp_hunter2hunter2", { cause: new Error("mongodb://u:hunter2@h/") }),
  });
  expect(text).not.toContain("hunter2");
  expect(text).toContain("mongodb://root:***@host");
});

test("signing in leads back to a path of this site and nowhere else", () => {
  expect(safeNext("/apps?a=1")).toBe("/apps?a=1");
  for (const next of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/a b", "", null])
    expect(safeNext(next)).toBe("/apps");
});

test("a page's address is the one that people see", () => {
  const own = new URL("http://localhost:3000");
  const at = (url: string, init?: RequestInit) => visiblePath(new Request(url, init), own);
  expect(at("http://localhost:3000/apps/notes.data?_routes=x&tab=logs")).toBe("/apps/notes?tab=logs");
  expect(at("http://localhost:3000/_root.data")).toBe("/");
  expect(at("http://localhost:3000/theme", { method: "POST", headers: { referer: "http://localhost:3000/apps?q=1" } })).toBe("/apps?q=1");
  expect(at("http://localhost:3000/theme", { method: "POST", headers: { referer: "http://evil.example/x" } })).toBe("/theme");
});

test("a write that a browser says comes from elsewhere is foreign", () => {
  const write = (headers: Record<string, string>) =>
    isForeignWrite(new Request("http://localhost:3000/", { method: "POST", headers }), "http://localhost:3000");
  expect(write({ origin: "http://localhost:3000", "sec-fetch-site": "same-origin" })).toBe(false);
  expect(write({ origin: "http://app.localhost:3000" })).toBe(true);
  expect(write({ "sec-fetch-site": "same-site" })).toBe(true);
  expect(write({ origin: "null" })).toBe(true);
});
