/** What an answer's body is, so that it can be shown. Pure. */
import type { ProxyAnswer } from "#core/contract/request.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

interface Common {
  /** In words, decoded. */
  size: string;
}
export type AnswerBody = Common &
  (
    | { kind: "empty" }
    | { kind: "json"; value: Json; text: string; cut: boolean }
    | { kind: "text"; text: string; cut: boolean }
    | { kind: "image"; source: string }
    | { kind: "binary"; type: string }
  );

/** Beyond this a browser takes seconds to lay text out. */
const shownCharacters = 200_000;
/** JSON above this is shown as text: a tree of it would have more nodes than anybody opens. */
const treeCharacters = 1_000_000;

export function bodyOf({ headers, body, bodyEncoding }: Pick<ProxyAnswer, "headers" | "body" | "bodyEncoding">): AnswerBody {
  const type = (headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "").split(";")[0]!.trim().toLowerCase();
  const bytes = bodyEncoding === "base64" ? Math.floor((body.replace(/=+$/, "").length * 3) / 4) : new TextEncoder().encode(body).length;
  const size = formatSize(bytes);
  if (body === "") return { kind: "empty", size };
  if (bodyEncoding === "base64") {
    // Scripts in an SVG do not run in an <img>, so every picture may be shown.
    return type.startsWith("image/")
      ? { kind: "image", size, source: `data:${type};base64,${body}` }
      : { kind: "binary", size, type: type || "an unknown type" };
  }
  const cut = body.length > shownCharacters;
  const text = body.slice(0, shownCharacters);
  if (body.length <= treeCharacters && (type.endsWith("json") || /^\s*[[{]/.test(body))) {
    try {
      const value = JSON.parse(body) as Json;
      return { kind: "json", size, value, text, cut };
    } catch {
      // Not JSON whatever it says: the text shows why.
    }
  }
  return { kind: "text", size, text, cut };
}

export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
