/** A body as what it is: JSON folded and coloured, a page in a sandbox, a picture, events, or text. */
import type { AnswerBody } from "../answer-body.ts";
import { EventList } from "./event-list.tsx";
import { JsonTree } from "./json-tree.tsx";

export function AnswerBodyView({ body, raw }: { body: AnswerBody; raw: boolean }) {
  if (body.kind === "empty") return <p className="text-muted-foreground">No body.</p>;
  if (body.kind === "image" && !(raw && body.text !== undefined))
    return <img src={body.source} alt="The answer's body" className="max-w-full rounded-md border bg-muted/60" />;
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
  if (body.kind === "events" && !raw) return <EventList events={body.events} />;
  if (body.kind === "html" && !raw)
    return (
      <>
        <iframe
          title="The answer as a page"
          // Nothing is allowed: no scripts, no forms, no windows, and an origin that is nobody's.
          sandbox=""
          srcDoc={body.page}
          className="h-80 w-full resize-y rounded-md border bg-white"
        />
        <p className="text-xs text-muted-foreground">
          Without scripts, and without what it loads from elsewhere. <i>Preview</i> shows the page as visitors see it.
        </p>
      </>
    );
  return (
    <pre aria-label="Body" tabIndex={0} className={`${bodyClass} break-words whitespace-pre-wrap`}>
      {body.text}
      {body.cut === true && "\n… the rest is left out here"}
    </pre>
  );
}

export const bodyClass =
  "overflow-x-auto rounded-md bg-muted/60 p-2.5 font-mono text-xs leading-6 outline-none focus-visible:ring-2 focus-visible:ring-ring";
