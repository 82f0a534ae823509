/** Which of the app's operations fit what is typed, and what a picked one does to the request. Pure. */
import type { Suggestion } from "./openapi.ts";
import type { Credentials } from "./request-auth.ts";
import { takesBody, type RequestDraft } from "./requests.ts";

/** Suggestions for what is typed so far, best first: those that begin so, then those that contain it. */
export function completePath(suggestions: readonly Suggestion[], typed: string, limit = 8): Suggestion[] {
  const needle = typed.trim().toLowerCase();
  const begins = suggestions.filter(({ path }) => path.toLowerCase().startsWith(needle));
  const contains = suggestions.filter(
    ({ path, summary }) => !path.toLowerCase().startsWith(needle) && `${path} ${summary}`.toLowerCase().includes(needle),
  );
  return [...begins, ...contains].slice(0, limit);
}

/** The request made the operation's: its method, path and body; its headers where there are none of their name; how it wants to be asked. */
export function withSuggestion(draft: RequestDraft, { method, path, headers, body, auth }: Suggestion): RequestDraft {
  const has = (name: string) => draft.headers.some((row) => row.name.toLowerCase() === name.toLowerCase());
  return {
    ...draft,
    method,
    path,
    headers: [...draft.headers.filter(({ name }) => name !== ""), ...headers.filter(({ name }) => !has(name))],
    ...(takesBody(method) && body),
    auth: auth?.kind ?? draft.auth,
  };
}

/** The credentials with the name of the header that the operation wants its key in. */
export const withKeyName = (credentials: Credentials, { auth }: Suggestion): Credentials =>
  auth?.keyName === undefined ? credentials : { ...credentials, keyName: auth.keyName };
