import { useRouteLoaderData } from "react-router";
import type { Role } from "#core/contract/account.ts";
import type { Theme } from "./theme.ts";

/** Who looks at the page, and how they like it. */
export interface Viewer {
  theme: Theme;
  user: { name: string; email: string; role: Role } | null;
  /** Names this request in the platform's log; shown where a page failed. */
  requestId: string;
}

/** What the root's loader found; undefined only where the root itself failed. */
export function useViewer(): Viewer | undefined {
  return useRouteLoaderData("root");
}
