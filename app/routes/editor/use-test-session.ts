/** What the test panel remembers of one app until the tab is closed: what was sent, and the credentials to send. */
import { useEffect, useState } from "react";
import { z } from "zod";
import { noCredentials, type Credentials } from "./request-auth.ts";
import { parseHistory, toStoredHistory, withSent, type Sent } from "./sent-history.ts";

export interface TestSession {
  history: readonly Sent[];
  remember(sent: Sent): void;
  credentials: Credentials;
  setCredentials(credentials: Credentials): void;
}

const credentialsSchema = z.object({ token: z.string(), user: z.string(), password: z.string(), keyName: z.string(), key: z.string() });

export function useTestSession(slug: string): TestSession {
  const keys = { history: `fp:test:${slug}`, credentials: `fp:test-auth:${slug}` };
  const [history, setHistory] = useState<readonly Sent[]>([]);
  const [credentials, setCredentials] = useState(noCredentials);
  // After hydration: the server knows nothing of this tab. Session storage is outside React, and is read once.
  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- as said
    setHistory(parseHistory(sessionStorage.getItem(keys.history)));
    setCredentials(readCredentials(sessionStorage.getItem(keys.credentials)));
  }, [keys.history, keys.credentials]);
  return {
    history,
    remember(sent) {
      // From before this answer came: others may have come meanwhile.
      setHistory((before) => {
        const next = withSent(before, sent);
        store(keys.history, toStoredHistory(next));
        return next;
      });
    },
    credentials,
    setCredentials(next) {
      setCredentials(next);
      store(keys.credentials, JSON.stringify(next));
    },
  };
}

function store(key: string, text: string): void {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // A full session storage costs what would have been remembered, nothing else.
  }
}

function readCredentials(text: string | null): Credentials {
  try {
    return credentialsSchema.parse(JSON.parse(text ?? ""));
  } catch {
    return noCredentials;
  }
}
