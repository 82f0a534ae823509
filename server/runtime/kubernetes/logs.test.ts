import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import type { RuntimeEvent } from "../runtime.ts";
import { uncounted } from "../runtime.ts";
import type { PodView } from "./app-view.ts";
import { createLogFollower, parseLine, type LogFollower } from "./logs.ts";
import { makePod } from "./views.test-part.ts";

/** One reading of a pod's log: its lines, and what it ends with. */
type Reading = { lines: string[]; ends: "end" | "break" | "open" };
const pod = makePod();
const at = (seconds: number): string => new Date(Date.parse("2026-11-21T10:00:00Z") + seconds * 1_000).toISOString();
const line = (seconds: number, text: string): string => `${at(seconds)} ${text}`;

let readings: Reading[];
let asked: (string | null)[];
let published: RuntimeEvent[];
let warnings: string[];
let limited: string[];
/** The pod as the cluster has it. */
let now: PodView | null;
let lastLineAt: Date | null;
let follower: LogFollower;

beforeEach(() => {
  [readings, asked, published, warnings, limited] = [[], [], [], [], []];
  now = pod;
  lastLineAt = null;
  follower = createLogFollower({
    async *read(_pod, since, signal) {
      asked.push(since?.toISOString() ?? null);
      const { lines, ends } = readings.shift() ?? { lines: [], ends: "open" };
      // The API's `sinceTime` knows full seconds only.
      yield* lines.filter((each) => since === null || Date.parse(each.split(" ")[0]!) >= Math.floor(since.getTime() / 1_000) * 1_000);
      if (ends === "break") throw new Error("connection reset");
      if (ends === "open") await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
    find: () => now,
    publish: (event) => void published.push(event),
    counts: { ...uncounted, limited: (what, count) => void limited.push(`${what} ${count}`) },
    lastLineAt: async (_appId, instanceId) => (instanceId === pod.name ? lastLineAt : null),
    logger: { warn: (message) => void warnings.push(message) },
  });
});
afterEach(() => follower.stop());

const told = () => published.filter((event) => event.type === "log").map((event) => event.line);
const texts = (): string[] => told().map(({ text }) => text);

describe("an app's output", () => {
  it("comes with the kubelet's time, the pod's name and its stream", async () => {
    readings = [{ lines: [line(1, "hello"), line(2, "\x1eEoh no"), line(3, "")], ends: "open" }];
    follower.follow([pod]);
    await waitFor("the lines", () => told().length === 3);
    expect(told()).toEqual([
      { at: new Date(at(1)), stream: "stdout", text: "hello", instanceId: "p1" },
      { at: new Date(at(2)), stream: "stderr", text: "oh no", instanceId: "p1" },
      { at: new Date(at(3)), stream: "stdout", text: "", instanceId: "p1" },
    ]);
  });

  it("is taken up where it broke off: no line twice, and none of the same second lost", async () => {
    const first = [line(1, "one"), line(2.1, "two")];
    readings = [
      { lines: first, ends: "break" },
      { lines: [...first, line(2.2, "three"), line(3, "four")], ends: "open" },
    ];
    follower.follow([pod]);
    await waitFor("the rest", () => told().length === 4);
    expect(texts()).toEqual(["one", "two", "three", "four"]);
    expect(asked).toEqual([null, at(2.1)]);
    expect(warnings).toEqual(["The log of p1 broke off and is taken up again: connection reset"]);
  });

  it("goes on over a restart of the container, without a warning", async () => {
    readings = [
      { lines: [line(1, "before")], ends: "end" },
      { lines: [line(5, "after")], ends: "open" },
    ];
    follower.follow([pod]);
    await waitFor("the next container", () => told().length === 2);
    expect(texts()).toEqual(["before", "after"]);
    expect(warnings).toEqual([]);
  });

  it("begins after the last line that was kept, when another process followed it before", async () => {
    lastLineAt = new Date(at(2));
    readings = [{ lines: [line(2, "kept"), line(2.5, "new")], ends: "open" }];
    follower.follow([pod]);
    await waitFor("the new line", () => told().length > 0);
    expect(texts()).toEqual(["new"]);
    expect(asked).toEqual([at(2)]);
  });

  it("is whole of a pod whose node's clock is an hour behind that of the app's other pod", async () => {
    lastLineAt = new Date(at(3_600));
    readings = [{ lines: [line(1, "early")], ends: "open" }];
    follower.follow([makePod({ name: "other" })]);
    await waitFor("the line", () => told().length > 0);
    expect([texts(), asked]).toEqual([["early"], [null]]);
  });

  it("ends with its pod", async () => {
    readings = [{ lines: [line(1, "bye")], ends: "end" }];
    now = null;
    follower.follow([pod]);
    await waitFor("the line", () => told().length === 1);
    now = pod;
    await waitFor("its end, after which it may be followed anew", () => {
      follower.follow([pod]);
      return asked.length === 2;
    });
  });

  it("is not asked for before there is one, nor after its end while its pod goes", async () => {
    readings = [{ lines: [line(1, "bye")], ends: "end" }];
    follower.follow([makePod({ started: false })]);
    follower.follow([pod]);
    await waitFor("the line", () => told().length === 1);
    // The cluster says so a little after the log's end.
    await delay(100);
    now = makePod({ deleting: true, ended: { exitCode: 0, reason: "Completed", message: "" } });
    await delay(2_200);
    follower.follow([now]);
    expect(asked).toEqual([null]);
  });

  it("is followed once however often the pod is seen, and of nobody's pod never", async () => {
    const warm = makePod({ name: "w", appId: null, component: "pool", state: "warm" });
    for (let times = 0; times < 3; times += 1) follower.follow([pod, warm, makePod({ name: "c", appId: null })]);
    await waitFor("the reading", () => asked.length === 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(1);
  });

  it("is bounded: what floods it is left out and counted, with a note", async () => {
    now = null;
    readings = [{ lines: Array.from({ length: 6_000 }, (_, index) => line(index / 1_000, "x")), ends: "end" }];
    follower.follow([pod]);
    await waitFor("the note", () => told().some(({ stream }) => stream === "platform"));
    expect(told().length).toBeLessThan(6_000);
    expect(texts().at(-1)).toMatch(/^\d+ lines were left out: the app writes more than 500 lines or 256 KiB a second$/);
    expect(limited).toHaveLength(1);
  });
});

it("takes what the runner says to the platform out of the output", async () => {
  const record = { requestId: "r1", at: at(1), type: "ValueError", message: "no", traceback: "Traceback" };
  const messages = [
    { type: "exception", record },
    { type: "dropped", count: 2 },
  ];
  readings = [{ lines: messages.map((message, index) => line(index, `\x1eC${JSON.stringify(message)}`)), ends: "open" }];
  follower.follow([pod]);
  await waitFor("both", () => published.length === 2);
  expect(published[0]).toMatchObject({ type: "exception", appId: "a1", record: { requestId: "r1", type: "ValueError" } });
  expect(texts()).toEqual(["2 exception records were left out: they came faster than they could be stored"]);
});

it("reads a line as the API server gives it, and nothing else as one", () => {
  expect(parseLine("2026-11-21T11:50:52.123456789Z a b")).toEqual({ at: new Date("2026-11-21T11:50:52.123Z"), text: "a b" });
  expect(parseLine("2026-11-21T11:50:52Z")).toMatchObject({ text: "" });
  expect(parseLine("failed to try resolving symlinks")).toBeNull();
  expect(parseLine("")).toBeNull();
});
