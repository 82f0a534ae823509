import { describe, expect, test } from "vitest";
import type { Deployment, DeployEvent } from "#core/contract/deployment.ts";
import { createDeployStore, newWatched, toRefused, toWatched, withEvent } from "./deploy-store.ts";

const event = (stage: DeployEvent["stage"], status: DeployEvent["status"], elapsedMs: number, message = ""): DeployEvent => ({
  at: "2026-11-21T05:00:00.000Z",
  stage,
  status,
  message,
  elapsedMs,
});

const events = [
  event("validating", "started", 0),
  event("validating", "succeeded", 12),
  event("checking", "started", 12),
  event("checking", "succeeded", 40),
  event("creating", "started", 41),
  event("starting", "started", 60),
  event("starting", "failed", 90, "NameError: name 'nope' is not defined"),
];

const failed: Deployment = {
  id: "d1",
  app: "a",
  kind: "deploy",
  source: "browser",
  state: "failed",
  events,
  url: "http://a.localhost",
  createdAt: "2026-11-21T05:00:00.000Z",
  finishedAt: null,
  error: "NameError",
  problems: [{ file: "app.py", line: 3, column: 1, code: "load_failed", message: "NameError", severity: "error" }],
};

describe("the steps of a deployment", () => {
  test("each has its own time, and a later step ends the one before", () => {
    const { steps, totalMs } = events.reduce(withEvent, newWatched("d1"));
    expect(steps.map(({ state, tookMs }) => [state, tookMs])).toEqual([
      ["succeeded", 12],
      ["succeeded", 28],
      ["succeeded", 19],
      ["failed", 30],
      ["waiting", null],
    ]);
    expect(totalMs).toBe(90);
  });

  test("a stream that starts over changes nothing", () => {
    const once = events.reduce(withEvent, newWatched("d1"));
    expect(events.reduce(withEvent, once)).toEqual(once);
  });

  test("a step that only ends is timed from the one before", () => {
    const { steps } = [event("validating", "succeeded", 5), event("ready", "succeeded", 9)].reduce(withEvent, newWatched("d1"));
    expect(steps.at(-1)).toMatchObject({ state: "succeeded", tookMs: 4 });
  });

  test("a failure keeps its problems; a step left running when it failed is shown as failed", () => {
    const cut = toWatched({ ...failed, events: events.slice(0, 6) });
    expect(cut.steps[3]?.state).toBe("failed");
    expect(cut.problems).toHaveLength(1);
  });

  test("a refusal is a failed first step", () => {
    expect(toRefused("Two problems", failed.problems!)).toMatchObject({
      state: "failed",
      steps: [{ stage: "validating", state: "failed" }, {}, {}, {}, {}],
    });
  });

  test("the end of another deployment does not end this one", () => {
    const store = createDeployStore(null, null);
    store.getState().begin("d2", {});
    store.getState().end(failed);
    expect(store.getState().current?.state).toBe("running");
  });
});
