/** Sends a request to the app and shows what came back. The history lives in this tab's session. */
import { SendIcon } from "lucide-react";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { proxyAnswerSchema, type ProxyAnswer } from "#core/contract/request.ts";
import { Button } from "#app/components/ui/button.tsx";
import { call, wordsOf } from "../call.ts";
import {
  emptyRequest,
  methods,
  parseHistory,
  parseRequest,
  readSuggestions,
  takesBody,
  withSent,
  type RequestDraft,
  type Sent,
  type Suggestion,
} from "../requests.ts";
import { AnswerView } from "./answer-view.tsx";
import { PathInput } from "./path-input.tsx";
import { SentList } from "./sent-list.tsx";

export interface TestPanelProps {
  slug: string;
  /** The live version, or null: nothing answers yet. Another one may have other operations. */
  liveVersion: number | null;
}

type Result = { state: "none" } | { state: "sending" } | { state: "answered"; answer: ProxyAnswer } | { state: "failed"; message: string };

export function TestPanel({ slug, liveVersion }: TestPanelProps) {
  const [draft, setDraft] = useState<RequestDraft>(emptyRequest);
  const [fault, setFault] = useState<{ field: string; message: string } | null>(null);
  const [result, setResult] = useState<Result>({ state: "none" });
  const [history, remember] = useHistory(slug);
  const load = useSuggestions(slug, liveVersion);
  const flight = useRef<AbortController>(null);
  const id = useId();
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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send(draft);
  };
  const errorOf = (field: string) =>
    fault?.field === field ? (
      <p id={`${id}-${field}`} role="alert" className="pt-1 text-xs text-destructive">
        {fault.message}
      </p>
    ) : null;

  return (
    <div className="flex h-full min-h-0 flex-col overflow-y-auto">
      <form onSubmit={submit} aria-label="Test request" className="grid shrink-0 gap-2 border-b p-3">
        <div className="flex gap-1.5">
          <select
            aria-label="Method"
            value={draft.method}
            onChange={({ target }) => set({ method: target.value })}
            className="h-8 rounded-md border border-input bg-background px-1.5 font-mono text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring"
          >
            {methods.map((method) => (
              <option key={method}>{method}</option>
            ))}
          </select>
          <PathInput
            value={draft.path}
            invalid={fault?.field === "path"}
            describedBy={`${id}-path`}
            load={load}
            onChange={(path) => set({ path })}
            onPick={({ method, path, body }) => set({ method, path, body: takesBody(method) ? body || draft.body : draft.body })}
          />
          <Button
            type="submit"
            size="sm"
            variant="secondary"
            className="h-8"
            disabled={liveVersion === null}
            title={liveVersion === null ? "Deploy the app first" : undefined}
          >
            <SendIcon aria-hidden />
            Send
          </Button>
        </div>
        {errorOf("path")}
        <Fold label="Headers" filled={draft.headers !== ""}>
          <textarea
            aria-label="Headers, one per line"
            aria-describedby={`${id}-headers`}
            aria-invalid={fault?.field === "headers"}
            value={draft.headers}
            onChange={({ target }) => set({ headers: target.value })}
            rows={2}
            spellCheck={false}
            placeholder="Accept: application/json"
            className={areaClass}
          />
          {errorOf("headers")}
        </Fold>
        {takesBody(draft.method) && (
          <div>
            <label htmlFor={`${id}-text`} className="mb-1 block text-xs text-muted-foreground">
              Body
            </label>
            <textarea
              id={`${id}-text`}
              value={draft.body}
              onChange={({ target }) => set({ body: target.value })}
              rows={5}
              spellCheck={false}
              placeholder={'{ "name": "Ada" }'}
              className={areaClass}
            />
            {errorOf("body")}
          </div>
        )}
      </form>
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

const areaClass =
  "w-full rounded-md border border-input bg-background px-2 py-1.5 font-mono text-[13px] leading-5 outline-none placeholder:text-muted-foreground focus-visible:ring-2 focus-visible:ring-ring aria-invalid:border-destructive";

function Fold({ label, filled, children }: { label: string; filled: boolean; children: React.ReactNode }) {
  return (
    <details open={filled || undefined}>
      <summary className="w-fit cursor-pointer rounded text-xs text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring">
        {label}
      </summary>
      <div className="pt-1">{children}</div>
    </details>
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
function useSuggestions(slug: string, liveVersion: number | null): () => Promise<readonly Suggestion[]> {
  const known = useRef<{ version: number; suggestions: Promise<readonly Suggestion[]> }>(null);
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
