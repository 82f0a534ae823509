/** What every runtime must do, whatever runs underneath. An adapter's own test calls this with a factory of its runtime. */
import { afterAll, beforeAll, describe } from "vitest";
import { describeDeploy } from "./behaviour/deploy.ts";
import { describeFailure } from "./behaviour/failure.ts";
import { describeIsolation } from "./behaviour/isolation.ts";
import { describeTalk } from "./behaviour/talk.ts";
import { describeWake } from "./behaviour/wake.ts";
import { createWorld, type RuntimeFactory, type World } from "./world.ts";

export interface SuiteOptions {
  /** Whether memory is limited and the reason of a kill is known. */
  limitsMemory: boolean;
  /** What bounds an app's processes, if not its own limit: a node has one for all pods. */
  mostProcesses?: number;
  /** Whether apps are kept from the machine, its network and each other, and how: without any network, or by NetworkPolicies. */
  isolates: false | "no network" | "policies";
}

export function describeRuntime(name: string, factory: RuntimeFactory, options: SuiteOptions): void {
  describe(name, { timeout: 60_000 }, () => {
    let world: World;
    beforeAll(async () => {
      world = await createWorld(factory);
    }, 60_000);
    afterAll(async () => await world.close(), 60_000);
    describe("deploy", () => describeDeploy(() => world));
    describe("wake and sleep", () => describeWake(() => world));
    describe("what an app says and gets", () => describeTalk(() => world));
    describe("failure", () => describeFailure(() => world, options));
    const { isolates } = options;
    if (isolates) describe("isolation", () => describeIsolation(() => world, isolates));
  });
}
