/**
 * Named places where the process can be made to die, so that tests can prove that a crash at any of them is carried on from.
 * Off unless `FP_FAILPOINT` names one, or a file that does: then the process ends itself by SIGKILL when it gets there.
 */
import { readFileSync } from "node:fs";

export const failpointNames = [
  "app-created",
  "deploy-recorded",
  "deploy-before-commit",
  "deploy-after-commit",
  "deploy-version-written",
  "deploy-switched",
  "deploy-written",
  "wake-begun",
  "wake-loaded",
  "wake-served",
  "wake-announced",
  "wake-written",
  "sleep-begun",
  "sleep-announced",
  "sleep-written",
  "sleep-drained",
  "delete-marked",
  "delete-runtime-removed",
  "delete-data-removed",
  "delete-done",
  "database-recorded",
] as const;
export type FailpointName = (typeof failpointNames)[number];

const armed = process.env["FP_FAILPOINT"];

/** Ends the process here when this failpoint is armed. */
export function failpoint(name: FailpointName): void {
  if (armed === undefined || armed === "") return;
  if (armed === name || (armed.includes("/") && readFileSync(armed, "utf8") === name)) process.kill(process.pid, "SIGKILL");
}
