import { isAppLabel } from "#core/slug.ts";

/** What a `Host` header asks for. Pure. */
export type HostTarget =
  | { kind: "app"; slug: string; hostname: string }
  /** The platform's own pages and API. */
  | { kind: "platform" }
  /** This machine by number or as `localhost`: the platform's too, which leads to PUBLIC_URL, where cookies and links are right. */
  | { kind: "loopback" }
  | { kind: "unknown" };

const UNKNOWN: HostTarget = { kind: "unknown" };
const PLATFORM: HostTarget = { kind: "platform" };
const LOOPBACK: HostTarget = { kind: "loopback" };

/** Distinct hosts remembered. Past it the memory starts anew, so that made-up hosts cannot fill it. */
const MAX_REMEMBERED = 20_000;

/** The host without port and without a closing dot, in lower case. */
export function toHostname(host: string): string {
  const lower = host.toLowerCase();
  if (lower.startsWith("[")) return lower.slice(0, lower.indexOf("]") + 1);
  const colon = lower.indexOf(":");
  const name = colon === -1 ? lower : lower.slice(0, colon);
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/** Builds the reader of `Host` headers; ports are not looked at, a proxy in front may have changed them. */
export function createHostReader(options: { publicUrl: string; appsDomain: string }): (host: string | undefined) => HostTarget {
  const platform = toHostname(new URL(options.publicUrl).host);
  const suffix = `.${options.appsDomain.toLowerCase()}`;
  const remembered = new Map<string, HostTarget>();

  const read = (host: string): HostTarget => {
    const hostname = toHostname(host);
    if (hostname === platform) return PLATFORM;
    if (hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname)) return LOOPBACK;
    if (!hostname.endsWith(suffix)) return UNKNOWN;
    const slug = hostname.slice(0, -suffix.length);
    return isAppLabel(slug) ? { kind: "app", slug, hostname } : UNKNOWN;
  };

  return (host) => {
    if (host === undefined) return UNKNOWN;
    const known = remembered.get(host);
    if (known !== undefined) return known;
    const target = read(host);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(host, target);
    return target;
  };
}
