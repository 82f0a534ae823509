import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

export function adminHandlers({ settings }: Services): Pick<Handlers, "getEgress" | "putEgress"> {
  return {
    getEgress: async () => toView(settings.egress()),
    putEgress: async ({ body }) => toView(await settings.putEgress(body)),
  };
}

const toView = ({ domains, ports }: { domains: readonly string[]; ports: readonly number[] }) => ({
  domains: [...domains],
  ports: [...ports],
});
