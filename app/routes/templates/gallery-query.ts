/** The gallery's state lives in its address; this reads it and makes the addresses of its links. */
import type { Complexity, TemplateTab } from "#core/contract/template-view.ts";

// Written out, not taken from the zod schemas, which are no part of the page. The types hold them to the schemas.
const tabOrder: Record<TemplateTab, true> = { all: true, mine: true, global: true };
const complexityOrder: Record<Complexity, true> = { beginner: true, intermediate: true, advanced: true };
export const templateTabs = Object.keys(tabOrder) as TemplateTab[];
export const complexities = Object.keys(complexityOrder) as Complexity[];

export interface GalleryQuery {
  tab: TemplateTab;
  search: string | undefined;
  complexity: Complexity | undefined;
  tag: string | undefined;
  cursor: string | undefined;
}

/** Nonsense in the address is left out, not refused: an old bookmark still shows templates. */
export function readGalleryQuery(params: URLSearchParams): GalleryQuery {
  return {
    tab: templateTabs.find((one) => one === params.get("tab")) ?? "all",
    search: params.get("search")?.trim().slice(0, 200) || undefined,
    complexity: complexities.find((one) => one === params.get("complexity")),
    tag: params.get("tag")?.slice(0, 30) || undefined,
    cursor: params.get("cursor")?.slice(0, 500) || undefined,
  };
}

/** The address of the gallery with `change` applied; a change of what is listed begins at the first page again. */
export function toGalleryPath(query: GalleryQuery, change: Partial<GalleryQuery> = {}): string {
  const next = { ...query, ...change };
  if (!("cursor" in change)) next.cursor = undefined;
  const params = new URLSearchParams();
  if (next.tab !== "all") params.set("tab", next.tab);
  for (const key of ["search", "complexity", "tag", "cursor"] as const) if (next[key] !== undefined) params.set(key, next[key]);
  return params.size === 0 ? "/apps/new" : `/apps/new?${params}`;
}

/** Less than all of a tab is asked for. */
export const isFiltered = ({ search, complexity, tag }: GalleryQuery): boolean =>
  search !== undefined || complexity !== undefined || tag !== undefined;
