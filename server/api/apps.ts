import type { App, AppDetail } from "#core/contract/app.ts";
import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

type Id =
  | "listApps"
  | "createApp"
  | "getApp"
  | "updateApp"
  | "deleteApp"
  | "saveDraft"
  | "cloneApp"
  | "exportApp"
  | "importApp"
  | "getEnv"
  | "putEnv";

export function appHandlers({ apps, deployments }: Services): Pick<Handlers, Id> {
  return {
    listApps: ({ caller, query }) => apps.list(caller.user.id, query),
    createApp: async ({ caller, body }) => toListed(await apps.create(caller.user.id, body, caller.scopes)),
    getApp: ({ caller, params }) => apps.get(caller.user.id, params.app),
    updateApp: ({ caller, params, body }) => apps.update(caller.user.id, params.app, body),
    async deleteApp({ caller, params }) {
      await apps.remove(caller.user.id, params.app);
      return undefined;
    },
    saveDraft: ({ caller, params, body }) => apps.saveDraft(caller.user.id, params.app, body),
    cloneApp: async ({ caller, params, body }) => toListed(await apps.clone(caller.user.id, params.app, body)),
    async exportApp({ caller, params, query }) {
      const { bytes, fileName } = await apps.exportZip(caller.user.id, params.app, query.from);
      return new Response(bytes, {
        headers: {
          "content-type": "application/zip",
          "content-length": String(bytes.length),
          "content-disposition": `attachment; filename="${fileName}"`,
          "cache-control": "no-store",
        },
      });
    },
    async importApp({ caller, body }) {
      const { app, leftOut, missingValues } = await apps.importZip(caller.user.id, await body.bytes(), body.name);
      return { ...toListed(app), leftOut, missingValues };
    },
    getEnv: async ({ caller, params }) => ({ vars: await apps.listEnv(caller.user.id, params.app) }),
    async putEnv({ caller, params, body, source }) {
      const vars = await apps.replaceEnv(caller.user.id, params.app, body.vars);
      const { deploymentId } = await deployments.redeployLive(caller.user, params.app, source, "Variables changed");
      return { vars, deploymentId };
    },
  };
}

/** Files come with the single read only. */
function toListed({ files: _files, databaseStats: _stats, ...app }: AppDetail): App {
  return app;
}
