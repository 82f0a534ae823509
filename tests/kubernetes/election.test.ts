/** Leadership by a real Lease: processes that are killed, that go, whose clocks are wrong, whose cable is pulled. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClusterClient } from "#server/runtime/kubernetes/client.ts";
import { holdLeadership } from "#server/runtime/kubernetes/election.ts";
import { waitFor } from "../wait.ts";
import { makeAppsNamespace, type AppsNamespace } from "./apps-namespace.ts";
import { openClusterWay } from "./cluster-way.ts";

const leaseMs = 3_000;

interface Contender {
  process: ChildProcess;
  /** `leads <ms>`, `ended <ms>`. */
  said: string[];
}

describe.skipIf(!process.env["KUBECONFIG"])("leadership", () => {
  let namespace: AppsNamespace;
  let contenders: Contender[];
  beforeEach(async () => {
    namespace = await makeAppsNamespace();
    contenders = [];
  });
  afterEach(async () => {
    for (const contender of contenders) await end(contender, "SIGKILL");
    await namespace.remove();
  });
  const stand = (identity: string, clockOffsetMs = 0): Contender => {
    const script = join(import.meta.dirname, "election-contender.ts");
    const child = spawn(process.execPath, [script, namespace.name, identity, String(clockOffsetMs)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const contender: Contender = { process: child, said: [] };
    createInterface(child.stdout!).on("line", (line) => contender.said.push(line));
    contenders.push(contender);
    return contender;
  };
  const end = async ({ process: child }: Contender, signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  };
  const leads = ({ said }: Contender): boolean => said.at(-1)?.startsWith("leads") ?? false;
  const timeOf = (line: string | undefined): number => Number(line?.split(" ")[1]);

  it("is one process's; when that is killed another's, once the lease ran out and not before", async () => {
    const first = stand("first");
    await waitFor("a leader", () => leads(first));
    const second = stand("second", 3_600_000);
    const third = stand("third", -3_600_000);
    // They have seen the lease renewed, by a clock that is an hour away from theirs.
    const renewals = async () => (await namespace.kubectl("get", "lease", "leader", "-o", "jsonpath={.spec.renewTime}")).trim();
    const before = await renewals();
    await waitFor("renewals", async () => Math.abs(Date.parse(await renewals()) - Date.parse(before)) > leaseMs);
    expect([leads(second), leads(third)]).toEqual([false, false]);
    const killedAt = Date.now();
    await end(first, "SIGKILL");
    const next = await waitFor("the next leader", () => [second, third].find(leads));
    const afterMs = timeOf(next.said[0]) - killedAt;
    expect(afterMs).toBeGreaterThan(leaseMs - 1_000);
    expect(afterMs).toBeLessThan(leaseMs + 5_000);
    expect([second, third].filter(leads)).toHaveLength(1);
  });

  it("is given back by who goes, so that the next need not wait", async () => {
    const first = stand("first");
    await waitFor("a leader", () => leads(first));
    const second = stand("second");
    await waitFor("the second's interest", async () => (await namespace.kubectl("get", "lease", "leader", "-o", "name")) !== "");
    await end(first, "SIGTERM");
    expect(first.said.at(-1)).toMatch(/^ended/);
    await waitFor("the next leader", () => leads(second));
    expect(timeOf(second.said[0])).toBeGreaterThanOrEqual(timeOf(first.said.at(-1)));
  });

  it("ends where the cluster is not reached any more, before another's may begin", async () => {
    const way = await openClusterWay();
    const client = await createClusterClient({ kubeconfig: way.kubeconfig, namespace: namespace.name });
    const stop = new AbortController();
    const said: { word: string; at: number }[] = [];
    const away: string[] = [];
    const holding = holdLeadership(
      {
        ...{ client, name: "leader", identity: "behind the cable", leaseMs, renewDeadlineMs: 2_000, retryMs: 300 },
        onAway: (error) => away.push(error.message),
        onLead: async (signal) => {
          said.push({ word: "leads", at: Date.now() });
          await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
          said.push({ word: "ended", at: Date.now() });
        },
      },
      stop.signal,
    );
    try {
      await waitFor("a leader", () => said.length === 1);
      const other = stand("other");
      way.block();
      await waitFor("the other to lead", () => leads(other));
      expect(said.map(({ word }) => word)).toEqual(["leads", "ended"]);
      expect(said[1]!.at).toBeLessThan(timeOf(other.said[0]));
      await waitFor("what is said of it", () => away.length > 0);
      way.unblock();
      await end(other, "SIGTERM");
      await waitFor("the first to lead again", () => said.length === 3);
    } finally {
      stop.abort();
      await holding;
      client.close();
      await way.close();
    }
  });

  it("is lost by who ends leading by itself, and given back", async () => {
    const client = await createClusterClient({ namespace: namespace.name });
    const stop = new AbortController();
    let terms = 0;
    const holding = holdLeadership(
      { client, name: "leader", identity: "short", retryMs: 100, onLead: async () => void (terms += 1) },
      stop.signal,
    );
    await waitFor("several terms", () => terms >= 3);
    stop.abort();
    await holding;
    expect((await client.get("leases", "leader"))?.spec?.holderIdentity ?? "").toBe("");
    client.close();
  });
});
