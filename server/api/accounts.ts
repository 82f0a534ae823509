import { userLimits } from "#core/limits.ts";
import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

export function accountHandlers({
  accounts,
  apps,
  databases,
}: Services): Pick<Handlers, "getMe" | "listTokens" | "createToken" | "deleteToken"> {
  return {
    async getMe({ caller: { user } }) {
      const [counts, databaseBytes] = await Promise.all([apps.counts(user.id), databases.usedBytes(user.id)]);
      return {
        ...user,
        limits: { apps: userLimits.apps, databaseBytes: userLimits.databaseBytes },
        usage: {
          apps: Object.values(counts).reduce((sum, count) => sum + count, 0),
          databaseBytes,
        },
      };
    },
    listTokens: async ({ caller }) => ({ items: await accounts.listTokens(caller.user.id), nextCursor: null }),
    createToken: ({ caller, body }) => accounts.createToken(caller, body),
    async deleteToken({ caller, params }) {
      await accounts.deleteToken(caller.user.id, params.id);
      return undefined;
    },
  };
}
