import type { AppRecords, LiveApp } from "#server/apps/index.ts";
import type { Databases } from "#server/databases/index.ts";
import type { InstanceSpec } from "#server/runtime/runtime.ts";
import { instanceLimits } from "#core/limits.ts";

export interface SpecOptions {
  records: AppRecords;
  databases: Databases;
  urlOf: (slug: string) => string;
  /** A secret made from `purpose`, stable over restarts. */
  derive: (purpose: string) => string;
}

/**
 * What an instance of `app` needs to serve the bundle `hash` as `version`. A deployment reads it all from the database; a wake is
 * `fromCopies`: no wait for the database, and only what another process changed within the watch's delay may be missing.
 * A draft has the app's variables, and of those it has itself its own.
 */
export async function makeSpec(
  { records, databases, urlOf, derive }: SpecOptions,
  app: Omit<LiveApp, "live">,
  hash: string,
  version: number,
  { fromCopies = false }: { fromCopies?: boolean } = {},
): Promise<InstanceSpec> {
  const appId = String(app._id);
  const credentials = fromCopies ? databases.recallCredentials : databases.credentials;
  const envOf = fromCopies ? records.recallEnv : records.openEnv;
  const [shared, own, database] = await Promise.all([
    app.draftOf == null ? {} : envOf(app.draftOf),
    envOf(appId),
    app.databaseId ? credentials(app.databaseId) : null,
  ]);
  return {
    appId,
    slug: app.slug,
    version,
    bundleHash: hash,
    readFiles: () => records.readBundle(hash),
    entrypoint: app.entrypoint,
    env: { ...shared, ...own, APP_NAME: app.name, APP_SLUG: app.slug, APP_URL: urlOf(app.slug) },
    sessionKey: derive(`session/${appId}`),
    database,
    limits: {
      memoryMiB: instanceLimits.memoryMiB,
      cpus: instanceLimits.cpus,
      processes: instanceLimits.processes,
      concurrency: instanceLimits.concurrency,
    },
  };
}
