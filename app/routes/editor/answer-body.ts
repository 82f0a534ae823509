/** What an answer's body is, so that it can be shown. Pure. */
import type { ProxyAnswer } from "#core/contract/request.ts";
import { createEventReader, type StreamEvent } from "./server-events.ts";

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
    /** `page` is for a sandboxed frame's `srcdoc`. */
    | { kind: "html"; page: string; text: string; cut: boolean }
    | { kind: "events"; events: readonly StreamEvent[]; text: string; cut: boolean }
    /** `text`: of a picture that is written in letters. */
    | { kind: "image"; source: string; text?: string; cut?: boolean }
    | { kind: "binary"; type: string }
  );

/** Beyond this a browser takes seconds to lay text out. */
const shownCharacters = 200_000;
/** JSON above this is shown as text: a tree of it would have more nodes than anybody opens. */
const treeCharacters = 1_000_000;

export function bodyOf({ headers, body, bodyEncoding }: Pick<ProxyAnswer, "headers" | "body" | "bodyEncoding">): AnswerBody {
  const type = typeOf(headers);
  const size = formatSize(sizeOf({ body, bodyEncoding }));
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
  if (type === "text/html" || type === "application/xhtml+xml") return { kind: "html", size, page: toPage(text), text, cut };
  if (type === "text/event-stream") return { kind: "events", size, events: readEvents(body), text, cut };
  if (type === "image/svg+xml" && !cut)
    return { kind: "image", size, source: `data:${type};charset=utf-8,${encodeURIComponent(body)}`, text, cut };
  return { kind: "text", size, text, cut };
}

/** In bytes, decoded. */
export function sizeOf({ body, bodyEncoding }: Pick<ProxyAnswer, "body" | "bodyEncoding">): number {
  return bodyEncoding === "base64" ? Math.floor((body.replace(/=+$/, "").length * 3) / 4) : new TextEncoder().encode(body).length;
}

/** The type in an answer's headers, without its parameters, in lower case; "" without one. */
export function typeOf(headers: ProxyAnswer["headers"]): string {
  return (headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "").split(";")[0]!.trim().toLowerCase();
}

/** More than this nobody reads; the newest count. */
export const shownEvents = 500;

function readEvents(text: string): StreamEvent[] {
  return createEventReader().push(text).slice(-shownEvents);
}

/**
 * The page with a policy of its own before it, on top of the sandbox: no scripts, and nothing is loaded from anywhere, the platform
 * included (a relative address in it would be one of ours).
 */
function toPage(html: string): string {
  return `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:">${html}`;
}

/** What to call the body as a file: as the answer says, else after the path. */
export function fileNameOf(headers: ProxyAnswer["headers"], path: string): string {
  const disposition = headers.find(([name]) => name.toLowerCase() === "content-disposition")?.[1] ?? "";
  const named = /filename="([^"]+)"|filename=([^;\s]+)/i.exec(disposition);
  const last = (named?.[1] ?? named?.[2] ?? path.split(/[?#]/, 1)[0]!.split("/").filter(Boolean).at(-1) ?? "answer").replaceAll(
    /[/\\]/g,
    "_",
  );
  return last.includes(".") ? last : `${last}.${extensions[typeOf(headers)] ?? "txt"}`;
}

const extensions: Readonly<Record<string, string>> = {
  "application/json": "json",
  "application/octet-stream": "bin",
  "application/pdf": "pdf",
  "application/zip": "zip",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/svg+xml": "svg",
  "text/csv": "csv",
  "text/html": "html",
};

export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
