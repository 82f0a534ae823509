/** What the test panel remembers of one app until the tab is closed: what was sent, and the credentials to send. */
import { noCredentials, type Credentials } from "./request-auth.ts";
import { toStoredHistory, type Sent } from "./sent-history.ts";

export interface TestSession {
  history: readonly Sent[];
  credentials: Credentials;
}

export const emptySession: TestSession = { history: [], credentials: noCredentials };

const historyKey = (slug: string) => `fp:test:${slug}`;
const credentialsKey = (slug: string) => `fp:test-auth:${slug}`;

/** What was stored of the app; at once, without loading what reads it, where there is nothing. */
export async function loadSession(slug: string): Promise<TestSession> {
  const history = sessionStorage.getItem(historyKey(slug));
  const credentials = sessionStorage.getItem(credentialsKey(slug));
  if (history === null && credentials === null) return emptySession;
  const { parseHistory, parseCredentials } = await import("./stored-session.ts");
  return { history: parseHistory(history), credentials: parseCredentials(credentials) ?? noCredentials };
}

export const storeHistory = (slug: string, history: readonly Sent[]): void => store(historyKey(slug), toStoredHistory(history));

export const storeCredentials = (slug: string, credentials: Credentials): void => store(credentialsKey(slug), JSON.stringify(credentials));

function store(key: string, text: string): void {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // A full session storage costs what would have been remembered, nothing else.
  }
}
