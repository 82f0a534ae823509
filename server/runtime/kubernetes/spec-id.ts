import { createHash } from "node:crypto";
import type { InstanceSpec } from "../runtime.ts";

/** Sixteen hex digits, equal for two specifications whose instances are alike, whatever the order of their variables. Fits a label. */
export function toSpecId(spec: InstanceSpec): string {
  const env = Object.entries(spec.env).sort(([left], [right]) => (left < right ? -1 : 1));
  const { bundleHash, entrypoint, version, sessionKey, database, limits } = spec;
  const { memoryMiB, cpus, processes, concurrency } = limits;
  const said = [
    bundleHash,
    entrypoint,
    version,
    env,
    sessionKey,
    database && [database.name, database.username, database.password],
    [memoryMiB, cpus, processes, concurrency],
  ];
  return createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 16);
}
