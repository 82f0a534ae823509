import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

type Id = "getEgress" | "putEgress" | "getAllowedImports" | "putAllowedImports" | "listAskedImports" | "decideImport";

export function adminHandlers({ importRequests, settings }: Services): Pick<Handlers, Id> {
  return {
    getEgress: async () => toView(settings.egress()),
    putEgress: async ({ body }) => toView(await settings.putEgress(body)),
    getAllowedImports: async () => ({ imports: [...settings.imports()] }),
    putAllowedImports: async ({ body }) => ({ imports: [...(await settings.putImports(body.imports))] }),
    listAskedImports: ({ query }) => importRequests.listOpen(query),
    async decideImport({ caller, body }) {
      await importRequests.decide(caller.user.id, body.import, body.decision);
      return { imports: [...settings.imports()] };
    },
  };
}

const toView = ({ domains, ports }: { domains: readonly string[]; ports: readonly number[] }) => ({
  domains: [...domains],
  ports: [...ports],
});
