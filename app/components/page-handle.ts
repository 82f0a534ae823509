/** What a route says about itself to the frame around it: `export const handle: PageHandle`. */
export interface PageHandle {
  /** The page's crumbs after "Apps"; the last one is the page itself. */
  crumbs?: (params: Readonly<Record<string, string | undefined>>, loaderData: unknown) => readonly Crumb[];
  /** The page has no top bar: it takes the whole window. */
  fullWindow?: boolean;
}

export interface Crumb {
  label: string;
  /** Absent on the page itself. */
  to?: string;
}
