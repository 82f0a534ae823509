/** The app's Python files as the language server sees them: which messages bring it from one state of them to the next. Pure. */
import type { Files } from "#core/contract/files.ts";

const root = "file:///app/";

/** `lib/a b.py` → `file:///app/lib/a%20b.py`. */
export const toServerUri = (path: string): string => root + path.split("/").map(encodeURIComponent).join("/");

/** The path of an app's file; null for any other. */
export function toAppPath(uri: string): string | null {
  const path = toServerPath(uri);
  return path.startsWith("/app/") ? path.slice("/app/".length) : null;
}

/** The absolute path in the server's world: `/app/…`, `/lib/…` (packages), `/typeshed/…` (the standard library). */
export const toServerPath = (uri: string): string => decodeURIComponent(new URL(uri).pathname);

export interface Notice {
  method: string;
  params: unknown;
}

/** The text of the Python files by path. */
export type Documents = Readonly<Record<string, string>>;

export function toDocuments(files: Files): Documents {
  return Object.fromEntries(
    Object.entries(files).filter((entry): entry is [string, string] => /\.pyi?$/.test(entry[0]) && typeof entry[1] === "string"),
  );
}

/**
 * The notices from `before` to `after`: files that are gone first, so that a renamed one is not there twice. A file is announced before
 * it is opened, or imports of it stay unresolved.
 */
export function toNotices(before: Documents, after: Documents, version: number): Notice[] {
  const gone = Object.keys(before).filter((path) => after[path] === undefined);
  const notices: Notice[] = gone.flatMap((path) => [
    { method: "textDocument/didClose", params: { textDocument: { uri: toServerUri(path) } } },
    { method: "pyright/deleteFile", params: { kind: "delete", uri: toServerUri(path) } },
  ]);
  for (const [path, text] of Object.entries(after)) {
    const uri = toServerUri(path);
    if (before[path] === undefined)
      notices.push(
        { method: "pyright/createFile", params: { kind: "create", uri } },
        { method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "python", version, text } } },
      );
    else if (before[path] !== text)
      notices.push({ method: "textDocument/didChange", params: { textDocument: { uri, version }, contentChanges: [{ text }] } });
  }
  return notices;
}

/** Where something is named at the top of a file, counted from 0: a question about it makes the server read what the file imports. */
export function findTopName(text: string): { line: number; character: number } {
  const line = text.split("\n").findIndex((each) => /^[A-Za-z_]\w*\s*[=:]/.test(each));
  return { line: Math.max(line, 0), character: 0 };
}
