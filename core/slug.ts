/** The slug of an app: its host name, made from its name, unique in the installation and never changed by a new name. */
import { appLimits } from "./limits.ts";

/** Names that are the platform's own, or that mail, browsers and name servers look for under any domain. */
export const reservedSlugs: ReadonlySet<string> = new Set(
  (
    "account accounts activity admin administrator api app-proxy apps assets assistant auth autoconfig autodiscover billing blog cdn chat console " +
    "dashboard databases db deployments dev docs edit egress email explorer explore export fastapi-platform files fp ftp gateway git graphql health healthz help " +
    "host hostmaster imap import internal invoke isatap jobs kubernetes localhost localdomain login logout logs mail mcp me metrics mongo mongodb mta-sts mx new " +
    "news ns ns1 ns2 oauth oidc openapi platform pop pop3 postmaster preview proxy readyz register registry requests root runner runs schedules security " +
    "settings sign-in sign-out sign-up signin signout signup smtp sso static status support system templates test-panel tokens triggers undefined null user users webhook " +
    "webhooks webmaster well-known worker wpad ws www"
  ).split(" "),
);

const form = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
/** An object id: `:app` of the API is an id or a slug, so no slug may look like one. */
const objectId = /^[0-9a-f]{24}$/;

/** Whether `slug` may be the host name of an app. Says nothing about whether it is taken. */
export function isValidSlug(slug: string): boolean {
  return (
    slug.length >= appLimits.slugLeastCharacters &&
    slug.length <= appLimits.slugCharacters &&
    form.test(slug) &&
    !objectId.test(slug) &&
    !reservedSlugs.has(slug)
  );
}

/** Apart from every slug, since those have no two dashes. */
const draftPrefix = "draft--";

/** The host name at which the draft of the app `slug` is tried. */
export function draftSlug(slug: string): string {
  return `${draftPrefix}${slug}`;
}

/** Whether `label` may be the host name of an app or of an app's draft. */
export function isAppLabel(label: string): boolean {
  return isValidSlug(label.startsWith(draftPrefix) ? label.slice(draftPrefix.length) : label);
}

/** Letters that Unicode does not decompose into a Latin base letter, in their usual ASCII spelling. */
const spellings: Readonly<Record<string, string>> = {
  ...{
    ß: "ss",
    æ: "ae",
    œ: "oe",
    ø: "o",
    đ: "d",
    ð: "d",
    þ: "th",
    ł: "l",
    ħ: "h",
    ı: "i",
    ŋ: "ng",
    ĸ: "k",
    ŧ: "t",
    "&": " and ",
    "+": " plus ",
    "@": " at ",
  },
  ...{ α: "a", β: "v", γ: "g", δ: "d", ε: "e", ζ: "z", η: "i", θ: "th", ι: "i", κ: "k", λ: "l", μ: "m" },
  ...{ ν: "n", ξ: "x", ο: "o", π: "p", ρ: "r", σ: "s", ς: "s", τ: "t", υ: "y", φ: "f", χ: "ch", ψ: "ps", ω: "o" },
  ...{ а: "a", б: "b", в: "v", г: "g", д: "d", е: "e", ж: "zh", з: "z", и: "i", к: "k", л: "l", м: "m", н: "n", о: "o", п: "p" },
  ...{
    р: "r",
    с: "s",
    т: "t",
    у: "u",
    ф: "f",
    х: "kh",
    ц: "ts",
    ч: "ch",
    ш: "sh",
    щ: "shch",
    ъ: "",
    ы: "y",
    ь: "",
    э: "e",
    ю: "yu",
    я: "ya",
  },
  ...{ є: "ye", і: "i", ґ: "g", ђ: "dj", ј: "j", љ: "lj", њ: "nj", ћ: "c", џ: "dz" },
};

/** At most `length` characters, cut between words where that keeps more than half. */
function cut(slug: string, length: number): string {
  if (slug.length <= length) return slug;
  const hard = slug.slice(0, length);
  const dash = slug[length] === "-" ? length : hard.lastIndexOf("-");
  return dash > length / 2 ? hard.slice(0, dash) : hard;
}

/**
 * The slug that a name suggests; always valid. Accents go, Greek and Cyrillic are transliterated, everything else parts words.
 * What would not be valid alone (empty, begins with a digit, one letter, reserved, looks like an id) gets `app` before it.
 */
export function slugify(name: string): string {
  const ascii = Array.from(
    name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\p{M}/gu, ""),
    (letter) => spellings[letter] ?? letter,
  )
    .join("")
    // An apostrophe is inside a word: "Ada's app" is ada-s-app to nobody.
    .replace(/['’`]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const slug = cut(ascii, appLimits.slugCharacters);
  if (isValidSlug(slug)) return slug;
  // Once more, since `app-proxy` is reserved itself. It ends: what begins with `app-` can only be refused as reserved.
  return slug === "" ? "app" : slugify(`app-${slug}`);
}

/** Numbered candidates before random ones: a number reads better, but the thousandth "hello" must not try a thousand names. */
const numberedCandidates = 20;
const suffixAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";

/**
 * Slugs to try for `name`, best first and without end: `notes`, `notes-2` … `notes-20`, then `notes-k7wq` with random letters.
 * @param random gives numbers in [0, 1).
 */
export function* slugCandidates(name: string, random: () => number = Math.random): Generator<string, never> {
  const base = slugify(name);
  yield base;
  for (let number = 2; ; number += 1) {
    const suffix =
      number <= numberedCandidates
        ? String(number)
        : Array.from({ length: 5 }, () => suffixAlphabet[Math.floor(random() * suffixAlphabet.length)]).join("");
    const candidate = `${cut(base, appLimits.slugCharacters - suffix.length - 1)}-${suffix}`;
    if (isValidSlug(candidate)) yield candidate;
  }
}
