/** Which modules the zygote imports for all: a rule over what `npm run bench -- imports` measured. Pure. */

export interface Cost {
  /** To import what most of its users need of it, where the framework is there already. */
  ms: number;
  bytes: number;
  /** The modules that have to be named; the others come along. */
  named: string[];
  /** What it sets on classes that are not its own. */
  changes: string[];
}

export interface PackageCost extends Cost {
  package: string;
  /** Of the apps of the corpora, how many import it. */
  share: number;
}

export interface Measured {
  /** Apps by corpus. */
  apps: Record<string, number>;
  /** Not loaded, since they need a package or a folder that is not there. */
  failed: string[];
  /** What at least half of all apps import. */
  core: Cost;
  /** What each MB in memory adds to one fork. */
  forkMsPerMB: number;
  packages: PackageCost[];
}

/** A runner is the third fork: who delivers it, its init, itself. */
const forks = 3;
/** A visitor waits for an import and nobody for a fork: a millisecond of the one is worth ten of the other. */
const worth = 10;
/** Runs in processes of its own. */
const elsewhere = new Set(["pytest", "_pytest"]);

/** What importing `entry` beforehand spares the average wake, and what its memory adds to making one runner, ms. */
export function weighPackage(
  entry: PackageCost,
  { apps, forkMsPerMB }: Measured,
  promised: ReadonlySet<string>,
): { sparedMs: number; addedMs: number } {
  const count = Object.values(apps).reduce((sum, each) => sum + each, 0);
  // What every app may import without asking is taken to be used by one app more than was seen.
  const share = entry.share + (promised.has(entry.package) ? 1 / count : 0);
  return { sparedMs: share * entry.ms, addedMs: (forks * forkMsPerMB * entry.bytes) / 1e6 };
}

/**
 * What to preload, the framework first. Never what changes others' classes: it would change them for apps that do not import it
 * (fasthtml lets FastAPI's path parameters be empty).
 * @param promised import names of the packages of runner/requirements.in.
 */
export function choosePreloads(measured: Measured, promised: ReadonlySet<string>): string[] {
  const chosen = measured.packages.filter((entry) => {
    const { sparedMs, addedMs } = weighPackage(entry, measured, promised);
    return entry.changes.length === 0 && !elsewhere.has(entry.package) && sparedMs * worth >= addedMs;
  });
  return [...measured.core.named, ...chosen.flatMap((entry) => entry.named)];
}
