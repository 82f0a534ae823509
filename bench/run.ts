/**
 * `npm run bench` measures everything, `npm run bench -- cold-start deploy` only that. Prints Markdown and leaves
 * `bench/results/<name>.json` and `.md`. Nothing it started is left behind, also when it is interrupted.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { measureColdStart } from "./cold-start.ts";
import { measureDeploy } from "./deploy.ts";
import { median, quantile, toTable, type Outcome } from "./figures.ts";
import { measureFirstRequest } from "./first-request.ts";
import { describeMachine, toSentence, type Machine } from "./machine.ts";
import { measureStart } from "./start.ts";
import { openWorld, type World } from "./world.ts";

const scenarios: Record<string, (world: World) => Promise<Outcome>> = {
  "first-request": measureFirstRequest,
  deploy: measureDeploy,
  "cold-start": measureColdStart,
  start: measureStart,
};
const resultsDir = join(import.meta.dirname, "results");

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in scenarios));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}; there are ${Object.keys(scenarios).join(", ")}.`);
  process.exit(2);
}

const world = await openWorld();
let closing: Promise<void> | undefined;
const close = (): Promise<void> => (closing ??= world.close());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void close().finally(() => process.exit(130)));
try {
  await mkdir(resultsDir, { recursive: true });
  for (const name of asked.length > 0 ? asked : Object.keys(scenarios)) {
    process.stderr.write(`measuring ${name}\n`);
    const machine = await describeMachine(world.python);
    await report(name, machine, await scenarios[name]!(world));
  }
} finally {
  await close();
}

async function report(name: string, machine: Machine, { series, notes }: Outcome): Promise<void> {
  const text = `## ${name}\n\n${toTable(series)}\n\n${notes.join(" ")}\n\n${toSentence(machine)}\n`;
  console.log(text);
  const figures = series.map((entry) => ({
    ...entry,
    unit: entry.unit ?? "ms",
    values: entry.values.map((value) => Math.round(value * 100) / 100),
    median: Math.round(median(entry.values) * 100) / 100,
    p95: Math.round(quantile(entry.values, 0.95) * 100) / 100,
  }));
  await writeFile(join(resultsDir, `${name}.md`), text);
  await writeFile(
    join(resultsDir, `${name}.json`),
    `${JSON.stringify({ name, command: `npm run bench -- ${name}`, machine, series: figures, notes }, null, 2)}\n`,
  );
}
