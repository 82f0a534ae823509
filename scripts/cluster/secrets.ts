/** What the platform's Secret on a cluster holds. Pure. */

/** The address and user of the database that k8s/components bring. One member: what the server calls itself is nobody's business. */
const ownMongoUrl = (password: string): string => `mongodb://platform:${password}@mongodb:27017/?authSource=admin&directConnection=true`;

export interface CompletedSecrets {
  /** All of them: what was there, unchanged, and what was missing. */
  secrets: Record<string, string>;
  /** The names of those that were missing, or that `mongoUrl` replaced. */
  added: string[];
}

/**
 * Adds to `found` what is missing of it. `random` gives that many random bytes in hexadecimal: letters that mean nothing in a URL.
 * A `mongoUrl` replaces one that is there.
 */
export function completeSecrets(
  found: Readonly<Record<string, string>>,
  random: (bytes: number) => string,
  mongoUrl?: string,
): CompletedSecrets {
  const secrets: Record<string, string> = { ...found };
  const added: string[] = [];
  const add = (key: string, make: () => string): void => {
    if (secrets[key]) return;
    secrets[key] = make();
    added.push(key);
  };
  add("secret-key", () => random(32));
  add("setup-code", () => random(8));
  add("mongo-password", () => random(24));
  add("mongo-root-password", () => random(24));
  // mongod's members prove themselves to each other by it: 6 to 1,024 characters of base64, of which hexadecimal is a part.
  add("mongo-keyfile", () => random(256));
  if (mongoUrl !== undefined && secrets["mongo-url"] !== mongoUrl) {
    secrets["mongo-url"] = mongoUrl;
    added.push("mongo-url");
  }
  add("mongo-url", () => ownMongoUrl(secrets["mongo-password"]!));
  return { secrets, added };
}
