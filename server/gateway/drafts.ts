/** Hosts of drafts are their owners' alone: a link that works once becomes a cookie of that one host, which the draft never sees. */
import type { GatewayAnswer, Refusal } from "./answers/refusal.ts";
import { refusals } from "./answers/refusal.ts";
import type { Route } from "./route.ts";

/** Who decides; the gateway only carries links and passes. */
export interface DraftAccess {
  /** Takes a link, once. Null when it is unknown, used, too old, or for another host. */
  redeem(link: string, appId: string): Promise<{ path: string; pass: string; seconds: number } | null>;
  admits(pass: string, appId: string): boolean;
  /** The platform's page that leads an owner who is signed in to `target` of the draft. */
  entryOf(slug: string, target: string): string;
}

/** Where links lead, with `?link=`. */
export const draftEntryPath = "/_platform/draft";

export interface DraftDoor {
  /** Why a request for the draft `route` is refused, or null; null for any other route. */
  refusalOf(cookies: string | undefined, route: Route | undefined, target: string): Refusal | null;
  isEntry(route: Route | undefined, target: string): boolean;
  /** Answers a link: onwards with a cookie, or a refusal. */
  enter(route: Route, target: string): Promise<GatewayAnswer | Refusal>;
}

/** Without `access` no draft is let in to at all. */
export function createDraftDoor({ access, publicUrl }: { access?: DraftAccess | undefined; publicUrl: string }): DraftDoor {
  const kind = cookieKind(publicUrl);
  const entryOf = (route: Route, target: string): string | undefined => access?.entryOf(route.slug.replace(/^draft--/, ""), target);
  return {
    refusalOf(cookies, route, target) {
      if (route?.draft !== true) return null;
      const pass = readCookie(cookies ?? "", `${kind.prefix}${route.appId}`);
      if (pass !== null && access?.admits(pass, route.appId)) return null;
      return refusals.draftOnly(entryOf(route, target));
    },
    isEntry: (route, target) => route?.draft === true && target.startsWith(`${draftEntryPath}?`),
    async enter(route, target) {
      const link = new URLSearchParams(target.slice(draftEntryPath.length + 1)).get("link") ?? "";
      const found = /^[\w-]{32}$/.test(link) ? await access?.redeem(link, route.appId) : null;
      if (found == null) return refusals.draftLinkDead(entryOf(route, "/"));
      const cookie = `${kind.prefix}${route.appId}=${found.pass}; Path=/; HttpOnly; Max-Age=${found.seconds}; ${kind.attributes}`;
      const headers = ["location", found.path, "set-cookie", cookie, "cache-control", "no-store", "referrer-policy", "no-referrer"];
      return { status: 303, headers: [...headers, "content-length", "0"], body: Buffer.alloc(0) };
    },
  };
}

/**
 * The editor shows a draft in a frame on another site, where a browser keeps only what is `Secure` and for any site, and a partition keeps
 * it from every other page that would frame the draft. Chromium and Firefox take `Secure` on `*.localhost` too, but no `__Host-` there.
 * Over plain http elsewhere the cookie works where both hosts are of one site; a tab of its own works everywhere.
 */
function cookieKind(publicUrl: string): { prefix: string; attributes: string } {
  const { protocol, hostname } = new URL(publicUrl);
  const everywhere = "Secure; SameSite=None; Partitioned";
  if (protocol === "https:") return { prefix: "__Host-fp.draft-", attributes: everywhere };
  const local = hostname === "localhost" || hostname.endsWith(".localhost");
  return { prefix: "fp.draft-", attributes: local ? everywhere : "SameSite=Lax" };
}

function readCookie(header: string, name: string): string | null {
  for (const pair of header.split(";")) {
    const trimmed = pair.trimStart();
    if (trimmed.startsWith(`${name}=`)) return trimmed.slice(name.length + 1).trim();
  }
  return null;
}
