import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PodView } from "./app-view.ts";
import type { Launcher } from "./launch.ts";
import { findUngiven, startRescue } from "./rescue.ts";
import { makePod } from "./views.test-part.ts";
import { makeSpec } from "./gateway.test-part.ts";

const claimed = makePod({ name: "claimed", adopted: true, owned: false });
const view = (pods: PodView[]) => ({ deployment: null, replicaSets: [], pods });

describe("a pod that was claimed and never got its files", () => {
  it("is one from the pool that has an address and takes no connections", () => {
    const find = (pod: PodView, accepts = false) => findUngiven(view([pod]), claimed.spec, () => accepts)?.name;
    expect(find(claimed)).toBe("claimed");
    expect(find(claimed, true)).toBeUndefined();
    expect(find({ ...claimed, spec: "another" })).toBeUndefined();
    expect(find({ ...claimed, deleting: true })).toBeUndefined();
    expect(find({ ...claimed, ip: null })).toBeUndefined();
    // It starts from its own files, by itself.
    expect(find({ ...claimed, adopted: false })).toBeUndefined();
  });

  describe("while somebody waits for the app", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    it("is given them by who waits, one at a time, until nobody waits", async () => {
      const rescued: PodView[] = [];
      let done = (): void => {};
      const launcher = {
        rescue: (pod: PodView) => (rescued.push(pod), new Promise<void>((resolve) => (done = resolve))),
      } as unknown as Launcher;
      const acceptance = { has: () => false } as never;
      const end = startRescue(
        { look: () => view([claimed]), launcher, acceptance },
        makeSpec(),
        claimed.spec,
        new AbortController().signal,
      );
      // Its claimer needs a moment, and is left it.
      await vi.advanceTimersByTimeAsync(2_900);
      expect(rescued).toEqual([]);
      await vi.advanceTimersByTimeAsync(6_200);
      expect(rescued).toHaveLength(1);
      done();
      await vi.advanceTimersByTimeAsync(3_000);
      expect(rescued).toHaveLength(2);
      done();
      end();
      await vi.advanceTimersByTimeAsync(30_000);
      expect(rescued).toHaveLength(2);
    });
  });
});
