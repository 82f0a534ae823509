import type { App } from "#core/contract/app.ts";
import { userLimits } from "#core/limits.ts";
import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

type Id = "listDatabases" | "listPackages" | "listImportRequests" | "askForImport" | "health" | "ready";

export function resourceHandlers(services: Services): Pick<Handlers, Id> {
  const { apps, databases, importRequests, packages, settings } = services;
  return {
    async listDatabases({ caller }) {
      const [owned, all] = await Promise.all([databases.list(caller.user.id), allApps(services, caller.user.id)]);
      const items = await Promise.all(
        owned.map(async (database) => {
          const { sizeBytes, collections } = await databases.stats(caller.user.id, database.id);
          return {
            ...database,
            sizeBytes,
            collections: collections.length,
            documents: collections.reduce((sum, { documents }) => sum + documents, 0),
            quotaBytes: userLimits.databaseBytes,
            apps: all.filter((app) => app.database?.id === database.id).map(({ id, slug, name }) => ({ id, slug, name })),
          };
        }),
      );
      return { items, nextCursor: null };
    },
    listPackages: async () => ({ pythonVersion: packages.pythonVersion, builtIn: [...packages.list()], allowed: [...settings.imports()] }),
    listImportRequests: async ({ caller }) => ({ items: await importRequests.listOf(caller.user.id), nextCursor: null }),
    async askForImport({ caller, body }) {
      const { id, name } = await apps.find(caller.user.id, body.app);
      return importRequests.ask(caller.user.id, { import: body.import, app: { id, name } });
    },
    health: async () => ({ status: "ok" }),
    async ready() {
      await services.requireReady();
      return { status: "ok" };
    },
  };
}

async function allApps({ apps }: Services, ownerId: string): Promise<App[]> {
  const all: App[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await apps.list(ownerId, { limit: 200, cursor });
    all.push(...page.items);
    if (page.nextCursor === null) return all;
    cursor = page.nextCursor;
  }
}
