/** Sends a request to the app and shows what came back. What was sent and the credentials live in this tab's session. */
import { lazy, Suspense, useEffect, useRef } from "react";
import { useStore } from "zustand";
import type { ProxyAnswer } from "#core/contract/request.ts";
import { call } from "../call.ts";
import type { Suggestion } from "../openapi.ts";
import { withKeyName, withSuggestion } from "../suggestions.ts";
import { emptySession } from "../test-session.ts";
import type { Exchange, TestStore } from "../test-store.ts";
import { Button } from "#app/components/ui/button.tsx";
import { RequestForm } from "./request-form.tsx";
import { SentList } from "./sent-list.tsx";

// Shown once something was sent; what draws it comes while the app answers.
const loadViews = () => import("./answer-view.tsx");
const AnswerView = lazy(() => loadViews().then((module) => ({ default: module.AnswerView })));
const LiveAnswerView = lazy(() => loadViews().then((module) => ({ default: module.LiveAnswerView })));

export interface TestPanelProps {
  store: TestStore;
  /** Who is asked. */
  slug: string;
  appUrl: string;
  /** What answers, the live version or the draft that runs; null: nothing yet. Another one may have other operations. */
  version: string | number | null;
  /** Said while nothing answers. */
  hint: string;
}

export function TestPanel({ store, slug, appUrl, version, hint }: TestPanelProps) {
  const { draft, fault, tab, result, open, change, changeCredentials, showTab, send, stop } = useStore(store);
  const { history, credentials } = useStore(store, ({ sessions }) => sessions[slug]) ?? emptySession;
  const load = useSuggestions(slug, version);
  // After hydration: the server knows nothing of this tab.
  useEffect(() => {
    void open(slug);
  }, [open, slug]);
  const sendNow = () => {
    void loadViews();
    void send(slug);
  };
  return (
    <div className="flex h-full min-h-0 flex-col overflow-y-auto">
      <RequestForm
        appUrl={appUrl}
        draft={draft}
        credentials={credentials}
        fault={fault}
        tab={tab}
        deployed={version !== null}
        load={load}
        onChange={(fields) => change({ ...draft, ...fields })}
        onCredentials={(fields) => changeCredentials(slug, { ...credentials, ...fields })}
        onPick={(suggestion) => {
          change(withSuggestion(draft, suggestion));
          changeCredentials(slug, withKeyName(credentials, suggestion));
        }}
        onTab={showTab}
        onSend={sendNow}
      />
      <div aria-live="polite" className="min-h-40 flex-1 overflow-y-auto">
        <Suspense fallback={null}>
          <Result result={result} hint={version === null ? hint : "Send a request; its answer appears here."} onStop={stop} />
        </Suspense>
      </div>
      <SentList
        history={history}
        onPick={(sent) => {
          change(sent.request);
          sendNow();
        }}
      />
    </div>
  );
}

function Result({ result, hint, onStop }: { result: Exchange; hint: string; onStop(): void }) {
  if (result.state === "answered") return <AnswerView answer={result.answer} path={result.path} />;
  if (result.state === "arriving") return <LiveAnswerView live={result.live} onStop={onStop} />;
  if (result.state === "failed") return <p className="p-3 text-[13px] text-destructive">{result.message}</p>;
  if (result.state === "sending")
    return (
      <div className="flex items-center justify-between gap-3 p-3 text-[13px] text-muted-foreground">
        <p>Waiting for the answer… A sleeping app wakes first.</p>
        <Button type="button" size="sm" variant="outline" onClick={onStop}>
          Stop
        </Button>
      </div>
    );
  return <p className="p-3 text-[13px] text-muted-foreground">{hint}</p>;
}

/** Reads the app's OpenAPI document through the same door, once per version and only when somebody types a path: it may wake the app. */
function useSuggestions(slug: string, version: string | number | null): () => Promise<readonly Suggestion[]> {
  const known = useRef<{ version: string | number; suggestions: Promise<readonly Suggestion[]> }>(null);
  return () => {
    if (version === null) return Promise.resolve([]);
    if (known.current?.version !== version) {
      const read = async () => {
        const [reply, { readSuggestions }] = await Promise.all([
          call<ProxyAnswer>(`/apps/${slug}/edit/send`, { method: "GET", path: "/openapi.json" }),
          import("../openapi.ts"),
        ]);
        return reply.ok && reply.value.status === 200 ? readSuggestions(reply.value.body) : [];
      };
      known.current = { version, suggestions: read() };
    }
    return known.current.suggestions;
  };
}
