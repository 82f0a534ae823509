/** What the proxy decides before and after a name is resolved. Pure: no socket, no clock, no resolver. */
import { BlockList, isIP } from "node:net";
import { allowsDomain, parseHost, type EgressRules, type Host } from "#core/egress-rules.ts";
import { isAppLabel } from "#core/slug.ts";

/** Where a client of the proxy wants to go. */
export interface Target extends Host {
  port: number;
}

/** Why an app is refused by what the administrator or the product decided. */
export const egressReasons = ["domain_not_allowed", "port_not_allowed", "address_not_allowed", "too_many_connections"] as const;
export type EgressReason = (typeof egressReasons)[number];

/** `host:port` or `host`, the host in brackets where it is IPv6. Null when it is none, or has no port and there is no default. */
export function parseAuthority(text: string, defaultPort?: number): Target | null {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(text);
  if (!match) return null;
  const host = parseHost(match[1]!);
  const port = match[2] === undefined ? defaultPort : Number(match[2]);
  return host !== null && port !== undefined && port >= 1 && port <= 65_535 ? { ...host, port } : null;
}

/** The target and path of an absolute-form request, the path as it was spelled. Null for `https:`, credentials and all other forms. */
export function parseAbsoluteForm(url: string): { target: Target; path: string } | null {
  const match = /^http:\/\/([^/?#]+)([^#]*)/i.exec(url);
  const target = match && parseAuthority(match[1]!, 80);
  if (!match || !target) return null;
  const rest = match[2]!;
  return { target, path: rest.startsWith("/") ? rest : `/${rest}` };
}

/** `Host` as it belongs to `target`: what was checked, and not what the client sent. */
export function toHostHeader({ name, port }: Target, defaultPort: number): string {
  const host = name.includes(":") ? `[${name}]` : name;
  return port === defaultPort ? host : `${host}:${port}`;
}

/** What is refused before anything is resolved, or null. */
export function judgeTarget(rules: EgressRules, target: Target, isAllowedAddress: (address: string) => boolean): EgressReason | null {
  if (target.isAddress && !isAllowedAddress(target.name)) return "address_not_allowed";
  if (!allowsDomain(rules.domains, target)) return "domain_not_allowed";
  return rules.ports.includes(target.port) ? null : "port_not_allowed";
}

/** Whether `name` is the host of an app: `<slug>.<APPS_DOMAIN>`, and not the platform's own. */
export function isAppHost(name: string, appsDomain: string, platformHost: string): boolean {
  const suffix = `.${appsDomain}`;
  return name !== platformHost && name.endsWith(suffix) && isAppLabel(name.slice(0, -suffix.length));
}

/** IPv4 that is not the Internet's (IANA's special-purpose registry), and one address that is only in a cloud. */
const specialV4 = subnets("ipv4", [
  "0.0.0.0/8", // this network; Linux takes 0.0.0.0 for itself
  "10.0.0.0/8",
  "100.64.0.0/10", // carriers' shared space, where clouds keep metadata too
  "127.0.0.0/8",
  "168.63.129.16/32", // Azure's host, public by its looks
  "169.254.0.0/16", // link-local, and the metadata of most clouds
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24", // relays of 6to4
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and broadcast
]);

/** Within 2000::/3, all that is given out of IPv6: what is not, or stands for an IPv4 address of anybody's choice. */
const specialV6 = subnets("ipv6", [
  "2001::/23", // Teredo, benchmarks, ORCHID
  "2001:db8::/32",
  "2002::/16", // 6to4
  "3fff::/20", // documentation
]);

function subnets(family: "ipv4" | "ipv6", list: readonly string[]): BlockList {
  const blocked = new BlockList();
  for (const entry of list) {
    const [net, bits] = entry.split("/") as [string, string];
    blocked.addSubnet(net, Number(bits), family);
  }
  return blocked;
}

/**
 * Whether `address` belongs to the public Internet: not private, loopback, link-local, shared, multicast, reserved or a cloud's
 * metadata, and no IPv6 form that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !specialV4.check(address, "ipv4");
  if (family !== 6 || address.includes("%")) return false;
  const first = Number.parseInt(address, 16);
  // "::…" parses to NaN, which is outside like everything else.
  return first >= 0x2000 && first <= 0x3fff && !specialV6.check(address, "ipv6");
}
