/** Which hosts an administrator lets apps call, as the settings say it and as the egress proxy reads it. Pure. */

/** What apps may reach. Private addresses are never reached, whatever stands here. */
export interface EgressRules {
  /** `*` (every host), `example.com` (that host) or `*.example.com` (every host below it), each in the form of `parseDomainPattern`. */
  domains: readonly string[];
  ports: readonly number[];
}

/** Everything public, as from any server: the first call of a beginner works (docs/adr/0012). */
export const defaultEgressRules: EgressRules = { domains: ["*"], ports: [80, 443] };

export interface Host {
  /** A name in lower case and ASCII without a closing dot, or an address as `isAddress` says; IPv6 without brackets. */
  name: string;
  isAddress: boolean;
}

/** The most characters of a name that DNS has. */
const mostCharacters = 253;

/**
 * Reads a host in any spelling: `Example.COM.`, `bücher.example`, `0x7f.1`, `2130706433`, `[::FFFF:127.0.0.1]`. Null when it is none.
 * What is decided about the result holds for what is connected to, since nobody reads the spelling a second time.
 */
export function parseHost(text: string): Host | null {
  // Whatever ends a host in a URL, so that the parser sees all of it as the host; `%` would be decoded by it.
  if (text === "" || text.length > 4 * mostCharacters || /[\s/?#@\\%]/.test(text) || /:/.test(text.replace(/^\[.*\]$/, ""))) return null;
  let parsed: string;
  try {
    parsed = new URL(`http://${text}/`).hostname;
  } catch {
    return null;
  }
  if (parsed.startsWith("[")) return { name: parsed.slice(1, -1), isAddress: true };
  // The parser has turned every other spelling of an IPv4 address into this one.
  if (/^\d+\.\d+\.\d+\.\d+$/.test(parsed)) return { name: parsed, isAddress: true };
  const name = parsed.endsWith(".") ? parsed.slice(0, -1) : parsed;
  const plain = name.length <= mostCharacters && name.split(".").every((label) => /^[a-z0-9_-]{1,63}$/.test(label));
  return plain ? { name, isAddress: false } : null;
}

/** The form in which an entry of the list of domains is kept and compared, or null when it is none. */
export function parseDomainPattern(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed === "*") return "*";
  const below = trimmed.startsWith("*.");
  const host = parseHost(below ? trimmed.slice(2) : trimmed);
  if (host === null || (below && host.isAddress)) return null;
  return below ? `*.${host.name}` : host.name;
}

/** Whether one of `domains` lets `host` through. */
export function allowsDomain(domains: readonly string[], host: Host): boolean {
  return domains.some(
    (pattern) =>
      pattern === "*" || pattern === host.name || (!host.isAddress && pattern.startsWith("*.") && host.name.endsWith(pattern.slice(1))),
  );
}
