/** An app's answer: status, times, headers, body. */
import { useState, type ReactNode } from "react";
import type { ProxyAnswer } from "#core/contract/request.ts";
import { formatMs } from "#app/components/format-ms.ts";
import { Button } from "#app/components/ui/button.tsx";
import { bodyOf, fileNameOf, type AnswerBody } from "../answer-body.ts";
import type { LiveAnswer } from "../watch-answer.ts";
import { AnswerBodyView, bodyClass } from "./answer-body-view.tsx";
import { EventList } from "./event-list.tsx";
import { statusTone } from "./sent-list.tsx";
import { quietButton } from "./small-input.ts";

export function AnswerView({ answer, path }: { answer: ProxyAnswer; path: string }) {
  const [raw, setRaw] = useState(false);
  const body = bodyOf(answer);
  return (
    <div className="grid grid-cols-1 gap-2 p-3 text-[13px]">
      <AnswerLine {...answer}>
        <span className="text-muted-foreground tabular-nums">{body.size}</span>
        <span className="ml-auto flex gap-3">
          {hasOtherView(body) && (
            <button type="button" aria-pressed={raw} onClick={() => setRaw(!raw)} className={quietButton}>
              Raw
            </button>
          )}
          {body.kind !== "empty" && (
            <button type="button" onClick={() => download(answer, fileNameOf(answer.headers, path))} className={quietButton}>
              Download
            </button>
          )}
        </span>
      </AnswerLine>
      {answer.truncated && (
        <p className="text-xs text-deploying">The answer went on: it was stopped, cut off, or longer than 10 MB or five minutes.</p>
      )}
      <AnswerHeaders headers={answer.headers} />
      <AnswerBodyView body={body} raw={raw} />
    </div>
  );
}

/** A stream while it arrives. */
export function LiveAnswerView({ live, onStop }: { live: LiveAnswer; onStop(): void }) {
  return (
    <div className="grid grid-cols-1 gap-2 p-3 text-[13px]">
      <AnswerLine {...live}>
        <span className="text-muted-foreground">Arriving…</span>
        <Button type="button" size="sm" variant="outline" className="ml-auto" onClick={onStop}>
          Stop
        </Button>
      </AnswerLine>
      <AnswerHeaders headers={live.headers} />
      {live.events ? (
        <EventList events={live.events} />
      ) : (
        <pre
          aria-label="Body"
          aria-live="off"
          tabIndex={0}
          className={`${bodyClass} max-h-96 overflow-auto break-words whitespace-pre-wrap`}
        >
          {live.text}
        </pre>
      )}
    </div>
  );
}

const hasOtherView = (body: AnswerBody): boolean =>
  body.kind === "json" || body.kind === "html" || body.kind === "events" || (body.kind === "image" && body.text !== undefined);

interface AnswerLineProps {
  status: number;
  latencyMs: number;
  coldStartMs?: number | undefined;
  children: ReactNode;
}

/** The waking counts apart: it says nothing of how fast the app is. */
function AnswerLine({ status, latencyMs, coldStartMs = 0, children }: AnswerLineProps) {
  return (
    <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
      <strong className={`font-mono font-semibold ${statusTone(status)}`}>
        {status}
        <span className="sr-only"> status</span>
      </strong>
      <span className="text-muted-foreground tabular-nums" title="From the platform to the app and back">
        {formatMs(Math.max(0, latencyMs - coldStartMs))}
      </span>
      {coldStartMs > 0 && (
        <span className="text-sleeping tabular-nums" title="The app was asleep; this is how long waking took, before the time beside it">
          Cold start {formatMs(coldStartMs)}
        </span>
      )}
      {children}
    </div>
  );
}

function AnswerHeaders({ headers }: { headers: ProxyAnswer["headers"] }) {
  return (
    <details>
      <summary className="w-fit cursor-pointer rounded text-xs text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring">
        {headers.length} headers
      </summary>
      <dl className="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 font-mono text-xs">
        {headers.map(([name, value], index) => (
          <div key={`${name}${index}`} className="contents">
            <dt className="text-muted-foreground">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** From memory, so that nothing is asked for twice. The type is none that a browser would open in our own origin. */
function download({ body, bodyEncoding }: ProxyAnswer, name: string): void {
  const bytes = bodyEncoding === "base64" ? Uint8Array.from(atob(body), (each) => each.charCodeAt(0)) : body;
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Chromium reads it after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
