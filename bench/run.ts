/**
 * `npm run bench` measures everything, `npm run bench -- cold-start deploy` only that, `npm run bench -- page` nothing. Prints Markdown,
 * leaves `bench/results/<name>.json` and `.md`, and brings the table and the chart of docs/performance.md up to them.
 * Nothing it started is left behind, also when it is interrupted.
 *
 * `--nice` raises the priority of the bench and all that it starts, platform and peers alike, on a machine that does other things too.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { getPriority, setPriority } from "node:os";
import { join } from "node:path";
import { measureClusterSleeping } from "./cluster-sleeping.ts";
import { measureCluster } from "./cluster.ts";
import { measureColdStart } from "./cold-start.ts";
import { measureDensity } from "./density.ts";
import { measureDeploy } from "./deploy.ts";
import { measureEditor } from "./editor.ts";
import { toTable, type Outcome } from "./figures.ts";
import { measureFirstRequest } from "./first-request.ts";
import { measureImports } from "./imports.ts";
import { describeMachine, toSentence } from "./machine.ts";
import { updatePage } from "./page.ts";
import { measurePool } from "./pool.ts";
import { toReference } from "./published.ts";
import { resultsDir, toResult } from "./results.ts";
import { measureGateway } from "./gateway.ts";
import { measureSleeping } from "./sleeping.ts";
import { measureStart } from "./start.ts";
import { measureStorm } from "./storm.ts";
import { benchShare, openWorld, type World } from "./world.ts";

/** In the order of a whole run: the ones that want a quiet machine first. */
const scenarios: Record<string, (world: World) => Promise<Outcome>> = {
  "cold-start": measureColdStart,
  deploy: measureDeploy,
  "first-request": measureFirstRequest,
  start: measureStart,
  storm: measureStorm,
  pool: measurePool,
  gateway: measureGateway,
  density: measureDensity,
  sleeping: measureSleeping,
  imports: measureImports,
  editor: measureEditor,
  cluster: measureCluster,
  "cluster-sleeping": measureClusterSleeping,
};
const raisedPriority = -15;

const words = process.argv.slice(2);
const asked = words.filter((word) => word !== "--nice" && word !== "page");
const unknown = asked.filter((name) => !(name in scenarios));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}; there are ${Object.keys(scenarios).join(", ")}, and page for none.`);
  process.exit(2);
}
if (words.includes("--nice")) setPriority(raisedPriority);
/** What a whole run leaves out where there is no cluster. */
const possible = Object.keys(scenarios).filter((name) => !name.startsWith("cluster") || process.env["KUBECONFIG"]);
const names = asked.length > 0 ? asked : words.includes("page") ? [] : possible;

if (names.length > 0) await measure();
if (benchShare === 1) await updatePage();

async function measure(): Promise<void> {
  let closing: Promise<void> | undefined;
  let world: World | undefined;
  const close = (): Promise<void> => (closing ??= world?.close() ?? Promise.resolve());
  // Each time: a terminal and `timeout` send it more than once, and the second would end us before what we started.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void close().finally(() => process.exit(130)));
  await mkdir(resultsDir, { recursive: true });
  try {
    for (const name of names) {
      process.stderr.write(`measuring ${name}\n`);
      // A world for each: what one scenario leaves running is no load of the next.
      closing = undefined;
      world = await openWorld();
      const machine = { ...(await describeMachine(world.python)), niceness: getPriority() };
      await report(toResult(name, new Date().toISOString().slice(0, 10), machine, await scenarios[name]!(world)));
      await close();
    }
  } finally {
    await close();
  }
}

async function report(result: ReturnType<typeof toResult>): Promise<void> {
  const reference = toReference(result.name);
  const parts = [`## ${result.name}`, toTable(result.series), result.notes.join(" "), ...(reference ? [reference] : [])];
  const text = `${[...parts, `${result.date}. ${toSentence(result.machine)}`].join("\n\n")}\n`;
  console.log(text);
  // What could not be measured here does not replace what was measured elsewhere.
  if (benchShare !== 1 || result.series.length === 0) return;
  await writeFile(join(resultsDir, `${result.name}.md`), text);
  await writeFile(join(resultsDir, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
