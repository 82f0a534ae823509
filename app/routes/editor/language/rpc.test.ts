import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createRpc, type Rpc } from "./rpc.ts";

let sent: { id?: number; method?: string; params?: unknown; result?: unknown }[];
let silent: number;
let rpc: Rpc;
beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  silent = 0;
  rpc = createRpc({
    post: (message) => sent.push(message as (typeof sent)[number]),
    onRequest: (method) => (method === "known" ? ["yes"] : undefined),
    onSilence: () => (silent += 1),
  });
});
afterEach(() => void vi.useRealTimers());

/** How a request fails; listened to from now on. */
const endOf = (asked: Promise<unknown>) =>
  asked.then(
    () => "answered",
    (error: Error) => error.message,
  );

test("answers find their requests, in any order; refusals too", async () => {
  const first = rpc.request("a", {});
  const second = rpc.request("b", {});
  const third = rpc.request("c", {});
  const refused = endOf(third);
  rpc.receive({ jsonrpc: "2.0", id: 2, result: "two" });
  rpc.receive({ jsonrpc: "2.0", id: 1, result: "one" });
  rpc.receive({ jsonrpc: "2.0", id: 3, error: { code: -32603, message: "not so" } });
  expect([await first, await second]).toEqual(["one", "two"]);
  expect(await refused).toBe("not so");
});

test("a cancelled request ends at once, and the server is told", async () => {
  const abort = new AbortController();
  const asked = rpc.request("a", {}, { signal: abort.signal });
  const ended = endOf(asked);
  abort.abort();
  expect(await ended).toBe("cancelled");
  expect(sent.at(-1)).toEqual({ jsonrpc: "2.0", method: "$/cancelRequest", params: { id: 1 } });
  // The late answer finds nobody.
  rpc.receive({ jsonrpc: "2.0", id: 1, result: "late" });
});

test("a request that is not answered ends, and says that nobody answers", async () => {
  const ended = endOf(rpc.request("a", {}, { limitMs: 1_000 }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await ended).toBe("no answer");
  expect(silent).toBe(1);
});

test("closing ends what waits, and nothing is sent any more", async () => {
  const ended = endOf(rpc.request("a", {}));
  rpc.close();
  expect(await ended).toBe("closed");
  await expect(rpc.request("b", {})).rejects.toThrow("closed");
  rpc.notify("c", {});
  expect(sent).toHaveLength(1);
});

test("the server's own requests are answered, with null where there is nothing to say", () => {
  rpc.receive({ jsonrpc: "2.0", id: "x", method: "known", params: {} });
  rpc.receive({ jsonrpc: "2.0", id: 7, method: "unknown", params: {} });
  rpc.receive({ jsonrpc: "2.0", method: "a notice" });
  rpc.receive("nonsense");
  expect(sent).toEqual([
    { jsonrpc: "2.0", id: "x", result: ["yes"] },
    { jsonrpc: "2.0", id: 7, result: null },
  ]);
});
