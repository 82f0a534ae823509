/** An app's answer: status, times, headers, body (JSON folded and coloured, pictures shown, text as it is). */
import { useState } from "react";
import type { ProxyAnswer } from "#core/contract/request.ts";
import { bodyOf } from "../answer-body.ts";
import { formatMs } from "./format.ts";
import { JsonTree } from "./json-tree.tsx";
import { statusTone } from "./sent-list.tsx";

export function AnswerView({ answer }: { answer: ProxyAnswer }) {
  const [raw, setRaw] = useState(false);
  const body = bodyOf(answer);
  return (
    <div className="grid grid-cols-1 gap-2 p-3 text-[13px]">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <strong className={`font-mono font-semibold ${statusTone(answer.status)}`}>
          {answer.status}
          <span className="sr-only"> status</span>
        </strong>
        <span className="text-muted-foreground tabular-nums" title="From the platform to the app and back">
          {formatMs(answer.latencyMs)}
        </span>
        {answer.coldStartMs !== undefined && (
          <span className="text-sleeping tabular-nums" title="The app was asleep; this is how long waking took">
            Cold start {formatMs(answer.coldStartMs)}
          </span>
        )}
        <span className="text-muted-foreground tabular-nums">{body.size}</span>
        {body.kind === "json" && (
          <button
            type="button"
            aria-pressed={raw}
            onClick={() => setRaw(!raw)}
            className="ml-auto rounded text-xs text-muted-foreground underline-offset-2 outline-none hover:underline focus-visible:ring-2 focus-visible:ring-ring aria-pressed:text-foreground"
          >
            Raw
          </button>
        )}
      </div>
      {answer.truncated && <p className="text-xs text-deploying">Only the first 10 MB are shown.</p>}
      <details>
        <summary className="w-fit cursor-pointer rounded text-xs text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring">
          {answer.headers.length} headers
        </summary>
        <dl className="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 font-mono text-xs">
          {answer.headers.map(([name, value], index) => (
            <div key={`${name}${index}`} className="contents">
              <dt className="text-muted-foreground">{name}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ))}
        </dl>
      </details>
      <Body body={body} raw={raw} />
    </div>
  );
}

function Body({ body, raw }: { body: ReturnType<typeof bodyOf>; raw: boolean }) {
  if (body.kind === "empty") return <p className="text-muted-foreground">No body.</p>;
  if (body.kind === "image") return <img src={body.source} alt="The answer's body" className="max-w-full rounded-md border" />;
  if (body.kind === "binary")
    return (
      <p className="text-muted-foreground">
        {body.size} of {body.type}, which is not text.
      </p>
    );
  if (body.kind === "json" && !raw)
    return (
      <div role="region" aria-label="Body" tabIndex={0} className={bodyClass}>
        <JsonTree value={body.value} />
      </div>
    );
  return (
    <pre aria-label="Body" tabIndex={0} className={`${bodyClass} break-words whitespace-pre-wrap`}>
      {body.text}
      {body.cut && "\n… the rest is left out here"}
    </pre>
  );
}

const bodyClass =
  "overflow-x-auto rounded-md bg-muted/60 p-2.5 font-mono text-xs leading-6 outline-none focus-visible:ring-2 focus-visible:ring-ring";
