/** The probe of NetworkPolicies where they are enforced, where there are none, and where it cannot be made. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClusterClient, type ClusterClient } from "#server/runtime/kubernetes/client.ts";
import type { PodOptions } from "#server/runtime/kubernetes/objects.ts";
import { probeNetworkPolicies } from "#server/runtime/kubernetes/probe.ts";
import { makeAppsNamespace, runnerImage, type AppsNamespace } from "./apps-namespace.ts";

describe.skipIf(!process.env["KUBECONFIG"])("the probe of NetworkPolicies", () => {
  let namespace: AppsNamespace;
  let client: ClusterClient;
  let options: PodOptions;
  const signal = new AbortController().signal;
  beforeEach(async () => {
    namespace = await makeAppsNamespace();
    client = await createClusterClient({ namespace: namespace.name });
    options = { namespace: namespace.name, image: runnerImage, imagePullPolicy: "Never", door: null };
  });
  afterEach(async () => {
    client.close();
    await namespace.remove();
  });
  /** Those that are not on their way out. */
  const podsLeft = async (): Promise<number> =>
    (await client.list("pods")).items.filter(({ metadata }) => !metadata?.deletionTimestamp).length;

  it("finds them enforced under a default deny, and not where nothing denies; leaves no pod", async () => {
    expect(await probeNetworkPolicies({ client, options, signal })).toEqual({
      enforced: true,
      detail: "One pod in the apps' namespace could not reach another that listened.",
    });
    expect(await podsLeft()).toBe(0);
    await namespace.kubectl("delete", "networkpolicies", "--all");
    expect(await probeNetworkPolicies({ client, options, signal })).toMatchObject({ enforced: false });
    expect(await podsLeft()).toBe(0);
  });

  it("that cannot be made says why, and nothing of the policies; leaves no pod", async () => {
    const without = { ...options, image: "localhost/no-such-image:1" };
    await expect(probeNetworkPolicies({ client, options: without, signal, podMs: 2_000 })).rejects.toMatchObject({
      code: "runtime_unavailable",
      message: expect.stringMatching(
        /^Whether NetworkPolicies hold could not be tried: the runner's image localhost\/no-such-image:1 is not on the node/,
      ),
    });
    expect(await podsLeft()).toBe(0);
  });

  it("ends with its signal, and leaves no pod", async () => {
    const abort = new AbortController();
    const probing = probeNetworkPolicies({ client, options, signal: abort.signal });
    setTimeout(() => abort.abort(new Error("the lead was lost")), 400);
    await expect(probing).rejects.toThrow("the lead was lost");
    expect(await podsLeft()).toBe(0);
  });
});
