/**
 * The test panel of one editor: the request that is written, the one under way, what was sent before. Apart from the panel, which is
 * made anew when the window becomes narrow or wide: what was typed stays, and a stream goes on.
 */
import { createStore, type StoreApi } from "zustand";
import type { ProxyAnswer } from "#core/contract/request.ts";
import type { Outcome } from "./exchange.ts";
import type { Credentials } from "./request-auth.ts";
import { emptyRequest, parseRequest, toProxyRequest, type Fault, type RequestDraft, type RequestTab } from "./requests.ts";
import { toKeptAnswer, withSent, type Sent } from "./sent-history.ts";
import { emptySession, loadSession, storeCredentials, storeHistory, type TestSession } from "./test-session.ts";
import type { LiveAnswer } from "./watch-answer.ts";

export type Exchange =
  | { state: "none" }
  | { state: "sending" }
  | { state: "arriving"; live: LiveAnswer }
  | { state: "answered"; answer: ProxyAnswer; path: string }
  | { state: "failed"; message: string };

export interface TestState {
  draft: RequestDraft;
  /** What is wrong with it, once it was to be sent. */
  fault: Fault | null;
  /** Null: the one that fits the method. */
  tab: RequestTab | null;
  /** The request that is under way, and what has come of it until now. */
  result: Exchange;
  /** By the slug of who is asked. */
  sessions: Readonly<Record<string, TestSession>>;
  /** Brings back what this tab has stored, once. */
  open(slug: string): Promise<void>;
  change(draft: RequestDraft): void;
  changeCredentials(slug: string, credentials: Credentials): void;
  showTab(tab: RequestTab): void;
  /** Sends the draft, or says what is wrong with it. Takes the place of a request that is under way. Never rejects. */
  send(slug: string): Promise<void>;
  /** Ends the request; what came of a stream stays. */
  stop(): void;
}

export type TestStore = StoreApi<TestState>;

/** `onSent` is told when a request was sent, in ms by the server's clock; `first` is what is written at first. */
export function createTestStore(onSent: (at: number) => void, first: Partial<RequestDraft> | null = null): TestStore {
  let flight: AbortController | null = null;
  const opened = new Set<string>();
  return createStore<TestState>((set, get) => {
    const change = (slug: string, fields: Partial<TestSession>) =>
      set(({ sessions }) => ({ sessions: { ...sessions, [slug]: { ...(sessions[slug] ?? emptySession), ...fields } } }));
    const remember = (slug: string, sent: Sent) => {
      const history = withSent(get().sessions[slug]?.history ?? [], sent);
      change(slug, { history });
      storeHistory(slug, history);
    };
    return {
      draft: { ...emptyRequest, ...first },
      fault: null,
      tab: null,
      result: { state: "none" },
      sessions: {},
      async open(slug) {
        if (opened.has(slug)) return;
        opened.add(slug);
        const stored = await loadSession(slug);
        // What was sent or typed while it was read comes first.
        const now = get().sessions[slug];
        change(slug, { ...stored, ...now, history: (now?.history ?? []).toReversed().reduce(withSent, stored.history) });
      },
      change(draft) {
        // What is asked in another way is shown from its own side: a body where there was none.
        set((before) => ({ draft, fault: null, ...(draft.method !== before.draft.method && { tab: null }) }));
      },
      changeCredentials(slug, credentials) {
        change(slug, { credentials });
        set({ fault: null });
        storeCredentials(slug, credentials);
      },
      showTab: (tab) => set({ tab }),
      async send(slug) {
        const { draft, sessions } = get();
        const parsed = parseRequest(draft, (sessions[slug] ?? emptySession).credentials);
        if (!parsed.ok) return set({ fault: parsed, ...(parsed.field !== "path" && { tab: parsed.field }) });
        flight?.abort();
        const mine = (flight = new AbortController());
        set({ result: { state: "sending" } });
        const outcome = await exchangeWith(slug, parsed.request, mine.signal, onSent, (live) => {
          if (flight === mine && !mine.signal.aborted) set({ result: { state: "arriving", live } });
        });
        if (flight !== mine) return;
        if (outcome.ok) set({ result: { state: "answered", answer: outcome.answer, path: parsed.request.path } });
        else set({ result: mine.signal.aborted ? { state: "none" } : { state: "failed", message: outcome.message } });
        if (mine.signal.aborted && !outcome.ok) return;
        remember(slug, toSent(draft, outcome));
      },
      stop: () => flight?.abort(),
    };
  });
}

/** What sends is loaded with the first request: it is not in the first load. */
async function exchangeWith(
  slug: string,
  request: Parameters<typeof toProxyRequest>[0],
  signal: AbortSignal,
  onSent: (at: number) => void,
  tell: (live: LiveAnswer) => void,
): Promise<Outcome> {
  try {
    const [{ exchange }, { watchAnswer }] = await Promise.all([import("./exchange.ts"), import("./watch-answer.ts")]);
    const watcher = watchAnswer(onSent, tell);
    const outcome = await exchange(slug, await toProxyRequest(request), watcher, signal);
    watcher.end();
    return outcome;
  } catch {
    // A chunk that did not load, or a chosen file that is gone.
    return { ok: false, message: "The request could not be sent from this page. Check the files it carries, or load the page again." };
  }
}

const toSent = (request: RequestDraft, outcome: Outcome): Sent => ({
  at: new Date().toISOString(),
  request,
  status: outcome.ok ? outcome.answer.status : null,
  latencyMs: outcome.ok ? outcome.answer.latencyMs : null,
  answer: outcome.ok ? toKeptAnswer(outcome.answer, outcome.sizeBytes) : null,
});
