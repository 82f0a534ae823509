/** The table of attacks, by what they are aimed at. */
import type { Attack } from "./attack.ts";
import { answerAttacks } from "./attacks/answers.ts";
import { fileAttacks } from "./attacks/files.ts";
import { kernelAttacks } from "./attacks/kernel.ts";
import { networkAttacks } from "./attacks/network.ts";
import { processAttacks } from "./attacks/processes.ts";
import { recordAttacks } from "./attacks/records.ts";
import { resourceAttacks } from "./attacks/resources.ts";

export const attacks: readonly Attack[] = [
  ...fileAttacks,
  ...processAttacks,
  ...kernelAttacks,
  ...networkAttacks,
  ...resourceAttacks,
  ...answerAttacks,
  ...recordAttacks,
];
