import { SendIcon } from "lucide-react";
import { lazy, Suspense, useId, type FormEvent } from "react";
import { Button } from "#app/components/ui/button.tsx";
import type { Suggestion } from "../openapi.ts";
import type { Credentials } from "../request-auth.ts";
import { commonHeaders, emptyRow, parseHeaderLines, refuseHeader } from "../request-headers.ts";
import { readQuery, withParameter } from "../request-query.ts";
import { methods, takesBody, type Fault, type RequestDraft, type RequestTab } from "../requests.ts";
import { CopyAsMenu } from "./copy-as-menu.tsx";
import { PathInput } from "./path-input.tsx";
import { RowList } from "./row-list.tsx";
import { TabPanel, TabStrip } from "./tab-strip.tsx";

const AuthFields = lazy(() => import("./auth-fields.tsx").then((module) => ({ default: module.AuthFields })));
const BodyFields = lazy(() => import("./body-fields.tsx").then((module) => ({ default: module.BodyFields })));

export interface RequestFormProps {
  draft: RequestDraft;
  credentials: Credentials;
  fault: Fault | null;
  /** Null: what fits the method. */
  tab: RequestTab | null;
  /** Whether there is an app to send it to. */
  deployed: boolean;
  appUrl: string;
  /** The app's operations, for the path to be picked from. */
  load(): Promise<readonly Suggestion[]>;
  onChange(fields: Partial<RequestDraft>): void;
  onCredentials(fields: Partial<Credentials>): void;
  onPick(suggestion: Suggestion): void;
  onTab(tab: RequestTab): void;
  onSend(): void;
}

/** The request that is sent next: method and path, and under them query, headers, authorization and body. */
export function RequestForm(props: RequestFormProps) {
  const { draft, credentials, fault, deployed, appUrl, load, onChange, onPick, onTab, onSend } = props;
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend();
  };
  const hasBody = takesBody(draft.method);
  const tab = props.tab === null || (props.tab === "body" && !hasBody) ? (hasBody ? "body" : "query") : props.tab;
  const query = readQuery(draft.path).length;
  const headers = draft.headers.filter(({ name, on }) => on && name !== "").length;
  const tabs: { id: RequestTab; label: string; badge?: React.ReactNode }[] = [
    { id: "query", label: "Query", badge: <Count of={query} /> },
    { id: "headers", label: "Headers", badge: <Count of={headers} /> },
    { id: "auth", label: "Auth", badge: draft.auth !== "none" && <span aria-hidden className="size-1.5 rounded-full bg-primary" /> },
    ...(hasBody ? [{ id: "body" as const, label: "Body" }] : []),
  ];
  return (
    <form onSubmit={submit} aria-label="Test request" className="shrink-0 border-b">
      <div className="grid gap-1 p-3 pb-1.5">
        <div className="flex gap-1.5">
          <select
            aria-label="Method"
            value={draft.method}
            onChange={({ target }) => onChange({ method: target.value })}
            className="h-8 rounded-md border border-input bg-background px-1.5 font-mono text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring"
          >
            {methods.map((method) => (
              <option key={method}>{method}</option>
            ))}
          </select>
          <PathInput
            value={draft.path}
            invalid={fault?.field === "path"}
            describedBy={`${id}-fault`}
            load={load}
            onChange={(path) => onChange({ path })}
            onPick={onPick}
          />
          <Button
            type="submit"
            size="sm"
            variant="secondary"
            className="h-8"
            disabled={!deployed}
            title={deployed ? undefined : "Deploy the app first"}
          >
            <SendIcon aria-hidden />
            Send
          </Button>
        </div>
      </div>
      <TabStrip label="Parts of the request" name="request" tabs={tabs} active={tab} onPick={onTab}>
        <CopyAsMenu draft={draft} credentials={credentials} appUrl={appUrl} />
      </TabStrip>
      <TabPanel name="request" active={tab} className="max-h-[45vh] overflow-y-auto p-3">
        <Suspense fallback={<div className="h-7" />}>
          <Fields {...props} tab={tab} describedBy={`${id}-fault`} />
        </Suspense>
      </TabPanel>
      <p id={`${id}-fault`} role="alert" className="px-3 pb-2.5 text-xs text-destructive empty:hidden">
        {fault?.message}
      </p>
    </form>
  );
}

function Fields({
  draft,
  credentials,
  fault,
  tab,
  describedBy,
  onChange,
  onCredentials,
}: RequestFormProps & { tab: RequestTab; describedBy: string }) {
  const names = useId();
  if (tab === "query") return <QueryRows path={draft.path} onChange={(path) => onChange({ path })} />;
  if (tab === "auth")
    return <AuthFields kind={draft.auth} credentials={credentials} onKind={(auth) => onChange({ auth })} onChange={onCredentials} />;
  if (tab === "body")
    return (
      <BodyFields
        draft={draft}
        invalid={fault?.field === "body"}
        place={fault?.at === undefined ? null : (fault as { at: number })}
        describedBy={describedBy}
        onChange={onChange}
      />
    );
  return (
    <>
      <RowList
        label="Header"
        rows={draft.headers}
        empty={emptyRow}
        names={names}
        refuse={refuseHeader}
        parsePaste={parseHeaderLines}
        onChange={(headers) => onChange({ headers })}
      />
      <datalist id={names}>
        {commonHeaders.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

/** In step with the path: the path is what counts, these are a view of it. */
function QueryRows({ path, onChange }: { path: string; onChange(path: string): void }) {
  const rows = readQuery(path).map((each) => ({ ...each, on: true }));
  return (
    <RowList
      label="Parameter"
      rows={rows}
      empty={emptyRow}
      switchable={false}
      onChange={(next) => {
        const index = next.findIndex((row, at) => row.name !== rows[at]?.name || row.value !== rows[at]?.value);
        if (next.length < rows.length) onChange(withParameter(path, index < 0 ? next.length : index, null));
        else if (index >= 0) onChange(withParameter(path, index, next[index]!));
      }}
    />
  );
}

function Count({ of }: { of: number }) {
  return of === 0 ? null : <span className="rounded-full bg-muted px-1.5 text-xs leading-4 tabular-nums">{of}</span>;
}
