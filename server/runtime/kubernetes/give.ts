/** What a claimed pod is given: the hand-off with the app's files, variables and credentials. */
import { handOff, type HandOffClaim } from "./hand-off.ts";
import type { GiveFiles } from "./launch.ts";
import { controlPort } from "./names.ts";
import { claimJson } from "./objects.ts";

export interface GiverOptions {
  /** Shared by the pool's pods and the platform: each side proves with it who it is. */
  poolKey: string;
  credentialOf: ((appId: string) => string) | null;
  loadTimeoutMs: number;
}

/** From the pod's claim to its answer: a check may take less than a start. */
const checkLoadMs = 4_500;

export function createGiver({ poolKey, credentialOf, loadTimeoutMs }: GiverOptions): GiveFiles {
  return async (pod, spec, mode, signal) => {
    const loadMs = mode === "check" ? checkLoadMs : loadTimeoutMs;
    const credential = mode === "serve" ? (credentialOf?.(spec.appId) ?? null) : null;
    const claim = JSON.parse(
      claimJson(spec, { mode, instance: pod.name, credential, loadMs, files: await spec.readFiles() }),
    ) as HandOffClaim;
    const { report } = await handOff({ host: pod.ip!, port: controlPort, uid: pod.uid, key: poolKey, claim, signal });
    return report;
  };
}
