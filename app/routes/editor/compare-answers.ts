/** Two answers side by side: what of their heads differs, and their bodies as texts that can be held against each other. Pure. */
import { typeOf } from "./answer-body.ts";
import type { KeptAnswer } from "./sent-history.ts";

export interface HeaderDifference {
  name: string;
  /** Null: it is not there. */
  before: string | null;
  after: string | null;
}

/** Headers that differ, by name; one that stands twice is one list. */
export function compareHeaders(before: KeptAnswer["headers"], after: KeptAnswer["headers"]): HeaderDifference[] {
  const [old, young] = [gather(before), gather(after)];
  return [...new Set([...old.keys(), ...young.keys()])]
    .sort()
    .map((name) => ({ name, before: old.get(name) ?? null, after: young.get(name) ?? null }))
    .filter((each) => each.before !== each.after);
}

function gather(headers: KeptAnswer["headers"]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [raw, value] of headers) {
    const name = raw.toLowerCase();
    found.set(name, found.has(name) ? `${found.get(name)}, ${value}` : value);
  }
  return found;
}

/** The body in lines: JSON is set out, so that one value that differs is one line that differs. `path` says what it is. */
export function toComparable({ headers, body }: KeptAnswer): { path: string; text: string | null } {
  if (body === null) return { path: "answer.bin", text: null };
  const type = typeOf(headers);
  if (type.endsWith("json") || /^\s*[[{]/.test(body)) {
    try {
      return { path: "answer.json", text: JSON.stringify(JSON.parse(body), null, 2) };
    } catch {
      // Cut, or not JSON: as it is.
    }
  }
  return { path: type === "text/html" ? "answer.html" : "answer.txt", text: body };
}
