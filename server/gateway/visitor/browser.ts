/** What a browser wants, read the same way wherever its request came in. Pure. */

/** Whether a person may read the answer. @param accept the request's `Accept`. */
export function acceptsHtml(accept: string | undefined): boolean {
  return accept?.includes("text/html") ?? false;
}

/** A GET whose answer fills a window. @param mode `Sec-Fetch-Mode`, which older browsers do not send. */
export function isNavigation(method: string, mode: string | undefined, accept: string | undefined): boolean {
  if (method !== "GET") return false;
  return mode === undefined ? acceptsHtml(accept) : mode === "navigate";
}
