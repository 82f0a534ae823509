/** Sends a request to the app and shows what came back. The history lives in this tab's session. */
import { useEffect, useRef, useState } from "react";
import { proxyAnswerSchema, type ProxyAnswer } from "#core/contract/request.ts";
import { call, wordsOf } from "../call.ts";
import {
  emptyRequest,
  parseHistory,
  parseRequest,
  readSuggestions,
  withSent,
  type RequestDraft,
  type Sent,
  type Suggestion,
} from "../requests.ts";
import { AnswerView } from "./answer-view.tsx";
import { RequestForm, type Fault } from "./request-form.tsx";
import { SentList } from "./sent-list.tsx";

export interface TestPanelProps {
  slug: string;
  appUrl: string;
  /** The live version, or null: nothing answers yet. Another one may have other operations. */
  liveVersion: string | number | null;
}

type Result = { state: "none" } | { state: "sending" } | { state: "answered"; answer: ProxyAnswer } | { state: "failed"; message: string };

export function TestPanel({ slug, appUrl, liveVersion }: TestPanelProps) {
  const [draft, setDraft] = useState<RequestDraft>(emptyRequest);
  const [fault, setFault] = useState<Fault | null>(null);
  const [result, setResult] = useState<Result>({ state: "none" });
  const [history, remember] = useHistory(slug);
  const load = useSuggestions(slug, liveVersion);
  const flight = useRef<AbortController>(null);
  const set = (fields: Partial<RequestDraft>) => {
    setDraft({ ...draft, ...fields });
    setFault(null);
  };

  const send = async (what: RequestDraft) => {
    const parsed = parseRequest(what);
    if (!parsed.ok) return setFault(parsed);
    flight.current?.abort();
    const mine = (flight.current = new AbortController());
    setResult({ state: "sending" });
    const reply = await call<unknown>(`/apps/${slug}/edit/send`, parsed.request, mine.signal);
    if (mine.signal.aborted) return;
    const answer = reply.ok ? proxyAnswerSchema.safeParse(reply.value) : null;
    if (answer?.success) setResult({ state: "answered", answer: answer.data });
    else setResult({ state: "failed", message: reply.ok ? "The answer could not be read." : wordsOf(reply.problem) });
    remember({
      at: new Date().toISOString(),
      request: what,
      status: answer?.data?.status ?? null,
      latencyMs: answer?.data?.latencyMs ?? null,
    });
  };

  return (
    <div className="flex h-full min-h-0 flex-col overflow-y-auto">
      <RequestForm
        appUrl={appUrl}
        draft={draft}
        fault={fault}
        deployed={liveVersion !== null}
        load={load}
        onChange={set}
        onSend={() => void send(draft)}
      />
      <div aria-live="polite" className="min-h-40 flex-1 overflow-y-auto">
        {result.state === "answered" && <AnswerView answer={result.answer} />}
        {result.state === "sending" && (
          <p className="p-3 text-[13px] text-muted-foreground">Waiting for the answer… A sleeping app wakes first.</p>
        )}
        {result.state === "failed" && <p className="p-3 text-[13px] text-destructive">{result.message}</p>}
        {result.state === "none" && (
          <p className="p-3 text-[13px] text-muted-foreground">
            {liveVersion === null ? "Deploy the app, then send it a request here." : "Send a request; its answer appears here."}
          </p>
        )}
      </div>
      <SentList
        history={history}
        onPick={(sent) => {
          setDraft(sent.request);
          setFault(null);
          void send(sent.request);
        }}
      />
    </div>
  );
}

/** The tab's history of this app, in its session storage. */
function useHistory(slug: string): [readonly Sent[], (sent: Sent) => void] {
  const key = `fp:test:${slug}`;
  const [history, setHistory] = useState<readonly Sent[]>([]);
  // After hydration: the server knows nothing of this tab.
  // oxlint-disable-next-line react/set-state-in-effect -- session storage is outside React, and is read once
  useEffect(() => setHistory(parseHistory(sessionStorage.getItem(key))), [key]);
  const remember = (sent: Sent) => {
    const next = withSent(history, sent);
    setHistory(next);
    try {
      sessionStorage.setItem(key, JSON.stringify(next));
    } catch {
      // A full session storage costs the history, nothing else.
    }
  };
  return [history, remember];
}

/** Reads the app's OpenAPI document through the same door, once per live version and only when somebody types a path: it may wake the app. */
function useSuggestions(slug: string, liveVersion: string | number | null): () => Promise<readonly Suggestion[]> {
  const known = useRef<{ version: string | number; suggestions: Promise<readonly Suggestion[]> }>(null);
  return () => {
    if (liveVersion === null) return Promise.resolve([]);
    if (known.current?.version !== liveVersion) {
      const suggestions = call<ProxyAnswer>(`/apps/${slug}/edit/send`, { method: "GET", path: "/openapi.json" }).then((reply) =>
        reply.ok && reply.value.status === 200 ? readSuggestions(reply.value.body) : [],
      );
      known.current = { version: liveVersion, suggestions };
    }
    return known.current.suggestions;
  };
}
