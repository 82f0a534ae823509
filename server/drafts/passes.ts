import { createHmac, timingSafeEqual } from "node:crypto";
import type { DraftAccess } from "#server/gateway/index.ts";
import { createTickets, type Storage, type Vault } from "#server/storage/index.ts";

/** A link is followed at once; one that was left in a history or a log is dead. */
const linkMs = 60_000;
/** As long as somebody works on a draft in one sitting; the editor's preview gets a new one each time it opens. */
const passSeconds = 8 * 3_600;

export interface DraftPasses extends DraftAccess {
  /** What `redeem` takes, once, within a minute. */
  issue(appId: string, path: string): Promise<{ link: string; expiresInMs: number }>;
}

/** Who may open the hosts of drafts: a link becomes a pass, which is signed and for one host, and which any gateway can read. */
export async function createDraftPasses(options: { storage: Storage; vault: Vault; publicUrl: string }): Promise<DraftPasses> {
  const tickets = await createTickets<{ appId: string; path: string }>(options.storage, "draft_links", linkMs);
  const key = options.vault.derive("draft-pass");
  const sign = (appId: string, until: string): string => createHmac("sha256", key).update(`${appId}/${until}`).digest("base64url");

  return {
    async issue(appId, path) {
      const { ticket, expiresInMs } = await tickets.issue({ appId, path });
      return { link: ticket, expiresInMs };
    },
    async redeem(link, appId) {
      const found = await tickets.redeem(link);
      if (found?.appId !== appId) return null;
      const until = String(Math.floor(Date.now() / 1_000) + passSeconds);
      return { path: found.path, pass: `${until}.${sign(appId, until)}`, seconds: passSeconds };
    },
    admits(pass, appId) {
      const [until = "", signature = ""] = pass.split(".");
      if (!/^\d{10}$/.test(until) || Number(until) * 1_000 < Date.now()) return false;
      const wanted = Buffer.from(sign(appId, until));
      const given = Buffer.from(signature);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    },
    entryOf: (slug, target) => `${options.publicUrl}/apps/${slug}/draft?path=${encodeURIComponent(target)}`,
  };
}
