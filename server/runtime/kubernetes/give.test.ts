import { expect, it, vi } from "vitest";
import { makePod } from "./views.test-part.ts";
import { makeSpec, report } from "./gateway.test-part.ts";
import { createGiver } from "./give.ts";
import { handOff } from "./hand-off.ts";

// A pod of this test has no socket at the one port that all pods have; the hand-off has tests of its own, against real ones.
vi.mock("./hand-off.ts", () => ({ handOff: vi.fn<typeof handOff>(async () => ({ report, readyMs: 1 })) }));

const pod = makePod({ name: "pool-1", uid: "u1", ip: "10.0.0.9" });
const spec = makeSpec({ env: { GREETING: "hello" }, database: { name: "d", username: "u", password: "p" } });
const signal = new AbortController().signal;
const given = (mode: "serve" | "check", credentialOf: ((appId: string) => string) | null = (appId) => `door-${appId}`) =>
  createGiver({ poolKey: "key", credentialOf, loadTimeoutMs: 30_000 })(pod, spec, mode, signal).then((answer) => {
    const [options] = vi.mocked(handOff).mock.lastCall!;
    return { answer, options, claim: options.claim as unknown as Record<string, unknown> };
  });

it("gives the pod that was meant its app: files, variables, database and what opens the door", async () => {
  const { answer, options, claim } = await given("serve");
  expect(answer).toBe(report);
  expect(options).toMatchObject({ host: "10.0.0.9", uid: "u1", key: "key", signal });
  expect(claim).toMatchObject({
    mode: "serve",
    instance: "pool-1",
    appId: "a1",
    env: { GREETING: "hello" },
    files: await spec.readFiles(),
    database: spec.database,
    door: { credential: "door-a1" },
    loadMs: 30_000,
  });
});

it("gives a check no way out, and less time than a start", async () => {
  const { claim } = await given("check");
  expect(claim).toMatchObject({ mode: "check", door: null });
  expect(claim["loadMs"]).toBeLessThan(5_000);
});

it("gives none where the installation has no door", async () => {
  expect((await given("serve", null)).claim).toMatchObject({ door: null });
});
