/** The HTTP API, readable: made from the same table as its routes. Open to everyone: it says nothing about anyone. */
import { Link } from "react-router";
import { CopyButton } from "#app/components/ui/copy-button.tsx";
import { Badge } from "#app/components/ui/badge.tsx";
import { cn } from "#app/components/ui/cn.ts";
import type { PageHandle } from "#app/components/page-handle.ts";
import { operations } from "#core/contract/operations/index.ts";
import { servicesContext } from "#server/http/context.ts";
import { route } from "#server/http/route.ts";
import type { Route } from "./+types/api.ts";
import { describeOperations, type OperationDoc } from "./describe.ts";

export const meta: Route.MetaFunction = () => [{ title: "API reference · FastAPI Platform" }];
export const handle: PageHandle = { crumbs: () => [{ label: "API reference" }] };

export const loader = route(({ context }: Route.LoaderArgs) => {
  const { publicUrl } = context.get(servicesContext).config;
  return { publicUrl, groups: describeOperations(operations, publicUrl) };
});

export default function ApiReference({ loaderData: { publicUrl, groups } }: Route.ComponentProps) {
  return (
    <div className="grid gap-8 lg:grid-cols-[11rem_minmax(0,1fr)]">
      <nav aria-label="Sections" className="lg:sticky lg:top-20 lg:self-start">
        <ul className="flex flex-wrap gap-x-4 gap-y-1 lg:flex-col">
          {groups.map(({ tag, operations: list }) => (
            <li key={tag}>
              <a
                href={`#${tag}`}
                className="flex justify-between rounded-md py-1 text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring"
              >
                {tag}
                <span className="ml-2 tabular-nums">{list.length}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="min-w-0">
        <h1 className="text-title">API reference</h1>
        <div className="mt-2 flex max-w-[72ch] flex-col gap-2 text-muted-foreground">
          <p>
            Everything the pages do can be done over HTTP: JSON in camelCase, times in UTC, sizes in bytes, durations in milliseconds. Lists
            take <code className="text-code">limit</code> and <code className="text-code">cursor</code> and answer{" "}
            <code className="text-code">{"{ items, nextCursor }"}</code>.
          </p>
          <p>
            Sign in with a token from the{" "}
            <Link to="/settings" className="text-primary underline underline-offset-4">
              settings
            </Link>
            . Errors are <code className="text-code">application/problem+json</code> with a stable <code className="text-code">code</code>.
            For machines:{" "}
            <a href={`${publicUrl}/api/openapi.json`} className="text-primary underline underline-offset-4">
              openapi.json
            </a>
            .
          </p>
        </div>
        {groups.map(({ tag, operations: list }) => (
          <section key={tag} id={tag} aria-labelledby={`${tag}-title`} className="mt-8 scroll-mt-16">
            <h2 id={`${tag}-title`} className="text-heading mb-2">
              {tag}
            </h2>
            <div className="divide-y overflow-hidden rounded-xl border bg-card">
              {list.map((operation) => (
                <OperationRow key={operation.id} operation={operation} />
              ))}
            </div>
          </section>
        ))}
      </div>
    </div>
  );
}

const methodColors: Record<string, string> = {
  GET: "text-sleeping",
  POST: "text-running",
  PUT: "text-deploying",
  PATCH: "text-deploying",
  DELETE: "text-error",
};

function OperationRow({ operation }: { operation: OperationDoc }) {
  return (
    <details id={operation.id} className="group">
      <summary className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 px-4 py-2.5 outline-none hover:bg-muted/60 focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset">
        <span className={cn("text-code w-14 shrink-0 font-semibold", methodColors[operation.method])}>{operation.method}</span>
        <span className="text-code break-all">{operation.path}</span>
        <span className="basis-full text-[13px] text-muted-foreground sm:ml-auto sm:basis-auto sm:text-right">{operation.summary}</span>
      </summary>
      <div className="flex flex-col gap-4 border-t bg-muted/30 px-4 py-4">
        <div className="flex flex-wrap gap-1.5">
          <Badge>{operation.scope === "none" ? "no sign-in" : `scope: ${operation.scope}`}</Badge>
          {operation.query.map((name) => (
            <Badge key={name} variant="outline" className="font-mono">
              ?{name}
            </Badge>
          ))}
        </div>
        <Code title="Example" text={operation.example} copy />
        {operation.body !== null && <Code title="Body" text={operation.body} />}
        {operation.answers.map(({ status, description, schema }) => (
          <Code key={status} title={`${status}: ${description}`} text={schema ?? "no body"} />
        ))}
        {operation.problems.length > 0 && (
          <p className="text-[13px] text-muted-foreground">
            Problem codes:{" "}
            {operation.problems.map((code, index) => (
              <span key={code}>
                {index > 0 && ", "}
                <code className="text-code">{code}</code>
              </span>
            ))}
          </p>
        )}
      </div>
    </details>
  );
}

function Code({ title, text, copy = false }: { title: string; text: string; copy?: boolean }) {
  return (
    <div className="min-w-0">
      <h3 className="flex items-center justify-between text-xs font-medium text-muted-foreground">
        {title}
        {copy && <CopyButton value={text} label="Copy the example" />}
      </h3>
      <pre
        tabIndex={0}
        className="text-code mt-1 max-h-80 overflow-auto rounded-md border bg-card px-3 py-2 outline-none focus-visible:ring-2 focus-visible:ring-ring"
      >
        {text}
      </pre>
    </div>
  );
}
