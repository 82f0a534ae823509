/** JSON, coloured, each object and list foldable. Long lists show a hundred at a time, so that opening one is never a wait. */
import { useState } from "react";
import type { Json } from "../answer-body.ts";

const perStep = 100;
/** What is open at first: two levels read at a glance. */
const openDepth = 2;

export function JsonTree({ value, name, depth = 0, last = true }: { value: Json; name?: string; depth?: number; last?: boolean }) {
  const label =
    name === undefined ? null : (
      <>
        <span className="text-(--code-name)">{JSON.stringify(name)}</span>:{" "}
      </>
    );
  if (value === null || typeof value !== "object")
    return (
      <div className="break-words whitespace-pre-wrap">
        {label}
        <Leaf value={value} />
        {last ? "" : ","}
      </div>
    );
  const list = Array.isArray(value);
  const entries: [string | undefined, Json][] = list
    ? value.map((each: Json) => [undefined, each])
    : Object.entries(value as { [key: string]: Json });
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0)
    return (
      <div>
        {label}
        {open}
        {close}
        {last ? "" : ","}
      </div>
    );
  return (
    <details open={depth < openDepth} className="group/json">
      <summary className="-ml-1 cursor-pointer list-none rounded pl-1 outline-none focus-visible:ring-2 focus-visible:ring-ring [&::-webkit-details-marker]:hidden">
        <span
          aria-hidden
          className="inline-block w-3 text-muted-foreground transition-transform group-open/json:rotate-0 [details:not([open])>summary>&]:-rotate-90"
        >
          ▾
        </span>
        {label}
        {open}
        <span className="text-muted-foreground [details[open]>summary>&]:hidden">
          {" "}
          {entries.length} {list ? (entries.length === 1 ? "item" : "items") : entries.length === 1 ? "key" : "keys"} {close}
        </span>
      </summary>
      <Entries entries={entries} depth={depth} />
      <div className="pl-3">
        {close}
        {last ? "" : ","}
      </div>
    </details>
  );
}

function Entries({ entries, depth }: { entries: readonly [string | undefined, Json][]; depth: number }) {
  const [shown, setShown] = useState(perStep);
  return (
    <div className="ml-1.5 border-l pl-3.5">
      {entries.slice(0, shown).map(([name, value], index) => (
        <JsonTree
          key={name ?? index}
          value={value}
          {...(name === undefined ? {} : { name })}
          depth={depth + 1}
          last={index === entries.length - 1}
        />
      ))}
      {entries.length > shown && (
        <button
          type="button"
          onClick={() => setShown(shown + perStep)}
          className="rounded text-muted-foreground underline underline-offset-2 outline-none focus-visible:ring-2 focus-visible:ring-ring"
        >
          {entries.length - shown} more
        </button>
      )}
    </div>
  );
}

function Leaf({ value }: { value: null | boolean | number | string }) {
  const tone =
    typeof value === "string" ? "text-(--code-string)" : typeof value === "number" ? "text-(--code-number)" : "text-(--code-keyword)";
  return <span className={tone}>{JSON.stringify(value)}</span>;
}
