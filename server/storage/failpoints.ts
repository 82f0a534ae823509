/**
 * Named places where the process can be made to die, so that tests can prove that a crash at any of them is carried on from.
 * Off unless `FP_FAILPOINT` names one: then the process ends itself by SIGKILL when it gets there.
 */
export const failpointNames = [
  "app-created",
  "deploy-recorded",
  "deploy-before-commit",
  "deploy-after-commit",
  "deploy-version-written",
  "deploy-switched",
  "woken",
  "put-to-sleep",
  "delete-marked",
  "delete-runtime-removed",
  "delete-data-removed",
  "database-recorded",
] as const;
export type FailpointName = (typeof failpointNames)[number];

const armed = process.env["FP_FAILPOINT"];

/** Ends the process here when this failpoint is armed. */
export function failpoint(name: FailpointName): void {
  if (armed === name) process.kill(process.pid, "SIGKILL");
}
