/** What apps import and what it costs; chooses the preloads of the zygote and leaves what was measured in `runner/preloads.json`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parse } from "yaml";
import type { Files } from "#core/contract/files.ts";
import { fetchExamples, readExamples } from "../tests/corpus/docs-examples.ts";
import type { Outcome } from "./figures.ts";
import { choosePreloads, weighPackage, type Measured } from "./preloads.ts";
import { benchShare, type World } from "./world.ts";

const root = join(import.meta.dirname, "..");
const resultPath = join(root, "runner/preloads.json");
/** The documentation has some 400 examples, neighbours much alike; those about testing are no apps. */
const everyExample = 5;

/** Rows of the table, the dearest first; all of it is in the file. */
const shown = 8;

interface Packages {
  packages: { name: string; imports: string[] }[];
}

interface App {
  name: string;
  corpus: "apps" | "docs";
  files: Files;
}

export async function measureImports({ python }: World): Promise<Outcome> {
  const apps = [...ownApps(), ...(await docsApps(python))].filter((_, index) => index % Math.round(1 / benchShare) === 0);
  const measured = await measure(python, { apps, packages: readPackages().packages.flatMap(({ imports }) => imports) });
  if (benchShare === 1) writeFileSync(resultPath, `${JSON.stringify(measured, null, 1)}\n`);
  const promised = readPromised();
  const chosen = new Set(choosePreloads(measured, promised));
  const isChosen = ({ named }: { named: string[] }) => named.every((name) => chosen.has(name));
  const dearest = measured.packages
    .map((entry) => ({ ...entry, ...weighPackage(entry, measured, promised) }))
    .sort((left, right) => right.sparedMs - left.sparedMs)
    .slice(0, shown);
  process.stderr.write(`chosen for PRELOADED of runner/fp_runner/warm.py:\n${[...chosen].map((name) => `    "${name}",\n`).join("")}`);
  return {
    series: [
      { name: "import of what half of all apps use", values: [measured.core.ms] },
      ...dearest.map((entry) => ({
        name: `import of ${entry.package}, ${(entry.share * 100).toFixed(1)} % of apps, ${(entry.bytes / 1e6).toFixed(1)} MB${isChosen(entry) ? ", preloaded" : ""}`,
        values: [entry.ms],
      })),
    ],
    notes: [
      `${apps.length} apps of two corpora were loaded and asked once each; a share is the mean of the two.`,
      `A MB in memory adds ${measured.forkMsPerMB} ms to each of a runner's three forks.`,
      `Never preloaded, since they change classes that are not theirs: ${measured.packages
        .filter(({ changes }) => changes.length > 0)
        .map((entry) => `${entry.package} (${entry.changes[0]})`)
        .join(", ")}.`,
    ],
  };
}

export const readMeasured = (): Measured => JSON.parse(readFileSync(resultPath, "utf8")) as Measured;
const readPackages = (): Packages => JSON.parse(readFileSync(join(root, "runner/packages.json"), "utf8")) as Packages;

/** Import names of the packages that are locked because they were asked for, not because another needs them. */
export function readPromised(): Set<string> {
  const lines = readFileSync(join(root, "runner/requirements.in"), "utf8").split("\n");
  const asked = new Set(lines.filter((line) => line && !line.startsWith("#")).map((line) => line.replace(/\[.*/, "").toLowerCase()));
  return new Set(readPackages().packages.flatMap(({ name, imports }) => (asked.has(name) ? imports : [])));
}

function ownApps(): App[] {
  const folder = join(root, "tests/corpus/apps");
  const sources = readdirSync(folder).filter((name) => name.endsWith(".py"));
  const templates = readdirSync(join(root, "templates"));
  return [
    ...sources.map((name): App => ({ name, corpus: "apps", files: { "app.py": readFileSync(join(folder, name), "utf8") } })),
    ...templates.map((name): App => ({
      name,
      corpus: "apps",
      files: (parse(readFileSync(join(root, "templates", name), "utf8")) as { files: Files }).files,
    })),
  ];
}

async function docsApps(python: string): Promise<App[]> {
  const cacheDir = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "fastapi-platform");
  const all = readExamples(await fetchExamples(python, cacheDir)).filter(({ name }) => !/test/i.test(name));
  const examples = all.filter((_, index) => index % everyExample === 0);
  return examples.map(({ name, files }) => ({ name, corpus: "docs", files }));
}

async function measure(python: string, given: object): Promise<Measured> {
  const environment = { ...process.env, PYTHONPATH: join(root, "runner"), PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(python, [join(import.meta.dirname, "imports.py")], { env: environment, stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(child, "exit");
  child.stdin.end(JSON.stringify(given));
  const said = await text(child.stdout);
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`imports.py ended with ${code}`);
  return JSON.parse(said) as Measured;
}
