/** The platform's half against pods that do not behave. Those that do are in tests/pods, with the real runner. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, expect, it } from "vitest";
import { LoadFailure } from "../load-failure.ts";
import { handOff, HandOffRefused, type HandOffOptions } from "./hand-off.ts";

const key = "key";
const uid = "uid";
const ready = [
  { type: "loaded", report: { ok: true, framework: "fastapi", factory: false, routes: [], importMs: 1 } },
  { type: "ready", ms: 2 },
];
const ending: (() => void)[] = [];
afterEach(() => ending.splice(0).forEach((end) => end()));

/** A pod that answers each line with what `answer` gives; null closes. The double stands for pods that the real runner never is. */
async function startPod(answer: (message: { type: string; nonce: string }, socket: Socket) => readonly unknown[] | null): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    createInterface(socket)
      .on("error", () => {})
      .on("line", (line) => {
        const lines = answer(JSON.parse(line), socket);
        if (lines === null) socket.destroy();
        else for (const each of lines) socket.write(`${typeof each === "string" ? each : JSON.stringify(each)}\n`);
      });
  }).listen(0, "127.0.0.1");
  ending.push(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const nonce = "ab".repeat(32);
const proofFor = (theirs: string, secret = key) => ({
  type: "proof",
  nonce,
  mac: createHmac("sha256", secret).update(`fp-pod|${uid}|${theirs}|${nonce}`).digest("hex"),
});

const give = (port: number, changes: Partial<HandOffOptions> = {}) =>
  handOff({
    host: "127.0.0.1",
    port,
    uid,
    key,
    claim: { mode: "serve", loadMs: 5_000 },
    signal: AbortSignal.timeout(15_000),
    ...changes,
  });

it("sends nothing of the claim to who does not prove itself", async () => {
  const proofs: ((theirs: string) => readonly unknown[] | null)[] = [
    () => ["nonsense"],
    () => [{ type: "proof" }],
    () => [{ type: "proof", nonce, mac: "" }],
    (theirs) => [{ ...proofFor(theirs), nonce: "AB".repeat(32) }],
    (theirs) => [{ ...proofFor(theirs), mac: proofFor(theirs).mac.toUpperCase() }],
    (theirs) => [proofFor(theirs, "another")],
    () => [proofFor(nonce)],
    () => null,
  ];
  for (const proof of proofs) {
    const heard: string[] = [];
    const port = await startPod((message) => {
      heard.push(message.type);
      return proof(message.nonce);
    });
    const refused = await give(port).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(HandOffRefused);
    expect((refused as HandOffRefused).reason).toBe("unproven");
    expect(heard).toEqual(["hello"]);
  }
});

it("makes nothing of lines that mean nothing, nor of one without end", async () => {
  const noise = ["", "[]", "null", '{"type":"loaded"}', '{"type":"ready","ms":"soon"}', `"${"x".repeat(5_000_000)}"`];
  const port = await startPod(({ type, nonce: theirs }) => (type === "hello" ? [proofFor(theirs)] : [...noise, ...ready]));
  expect((await give(port)).report).toMatchObject({ ok: true, framework: "fastapi" });
});

it("does not take an answer for ready before it was loaded, and is not kept waiting", async () => {
  const port = await startPod(({ type, nonce: theirs }) => (type === "hello" ? [proofFor(theirs)] : [ready[1]]));
  const failure = await give(port, { claim: { mode: "serve", loadMs: 100 } }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LoadFailure);
  expect((failure as LoadFailure).error).toMatchObject({ kind: "timeout" });
});

it("tells an end for memory with the words that it has on one machine", async () => {
  const ended = { type: "ended", kind: "memory", code: null, signal: "SIGKILL", peakMiB: 256, limitMiB: 256, lastWords: "" };
  const port = await startPod(({ type, nonce: theirs }) => (type === "hello" ? [proofFor(theirs)] : [ended]));
  const failure = await give(port).catch((error: unknown) => error);
  expect((failure as LoadFailure).error).toEqual({
    kind: "memory",
    type: "MemoryLimit",
    message: "The app was killed at 256 MB, peak 256 MB: it needs more memory than its limit",
  });
});

it("tells apart a pod that goes away after the claim, and a caller that gives up at any moment", async () => {
  const port = await startPod(({ type, nonce: theirs }) => (type === "hello" ? [proofFor(theirs)] : null));
  await expect(give(port)).rejects.toMatchObject({ name: "HandOffRefused", reason: "broken" });
  const silent = await startPod(() => []);
  for (const target of [silent, 1]) {
    const abort = new AbortController();
    const given = give(target, { signal: abort.signal });
    setImmediate(() => abort.abort(new Error("given up")));
    await expect(given).rejects.toThrow("given up");
  }
  await expect(give(port, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
});
