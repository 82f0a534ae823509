import type { RequestEntry } from "#core/contract/request.ts";

/** Where the editor opens with the request in its test panel. Values are not kept, so that the names of its query come alone. */
export function toSendAgainPath(slug: string, { method, path, queryNames }: Pick<RequestEntry, "method" | "path" | "queryNames">): string {
  const query = queryNames.map((name) => `${encodeURIComponent(name)}=`).join("&");
  return `/apps/${slug}/edit?${new URLSearchParams({ method, path: query === "" ? path : `${path}?${query}` })}`;
}

/** Where the editor opens at a place. */
export function toEditorPath(slug: string, file: string, line: number): string {
  return `/apps/${slug}/edit?${new URLSearchParams({ file, line: String(line) })}`;
}
