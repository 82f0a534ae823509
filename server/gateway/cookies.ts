/** Cookie rules between the platform's origin and apps. Pure. */

const PLATFORM_COOKIE = /^(?:fp\.|__Host-fp|__Secure-fp)/i;

/** The `Cookie` header without the platform's own cookies; null when nothing is left. */
export function withoutPlatformCookies(header: string): string | null {
  // All the names begin with or contain "fp": nearly every header passes here untouched.
  if (!/fp/i.test(header)) return header;
  const kept = header.split(";").filter((pair) => !PLATFORM_COOKIE.test(pair.trimStart()));
  const joined = kept.join(";").trim();
  return joined === "" ? null : joined;
}

/**
 * A `Set-Cookie` value without a `Domain` that is wider than `hostname`: such a cookie would reach the platform and other apps.
 * Null for one that is named like the platform's: where apps have ports, the platform's host is theirs too.
 * Everything else, a domain that browsers refuse by themselves included, stays as the app wrote it.
 */
export function confineCookie(setCookie: string, hostname: string): string | null {
  if (PLATFORM_COOKIE.test(setCookie.trimStart())) return null;
  if (!/;\s*domain/i.test(setCookie)) return setCookie;
  const [pair = "", ...attributes] = setCookie.split(";");
  const kept = attributes.filter((attribute) => !isWiderDomain(attribute, hostname));
  return kept.length === attributes.length ? setCookie : [pair, ...kept].join(";");
}

function isWiderDomain(attribute: string, hostname: string): boolean {
  const equals = attribute.indexOf("=");
  if (equals === -1 || attribute.slice(0, equals).trim().toLowerCase() !== "domain") return false;
  const domain = attribute
    .slice(equals + 1)
    .trim()
    .toLowerCase()
    .replace(/^"|"$/g, "")
    .replace(/^\.+|\.+$/g, "");
  return domain !== "" && hostname.endsWith(`.${domain}`);
}
