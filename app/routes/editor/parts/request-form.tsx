import { SendIcon } from "lucide-react";
import { useId, type FormEvent, type ReactNode } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { methods, takesBody, type RequestDraft, type Suggestion } from "../requests.ts";
import { CopyAsMenu } from "./copy-as-menu.tsx";
import { PathInput } from "./path-input.tsx";

/** What is wrong with the request as it is written; `field` is one of the form's. */
export interface Fault {
  field: string;
  message: string;
}

export interface RequestFormProps {
  draft: RequestDraft;
  fault: Fault | null;
  /** Whether there is an app to send it to. */
  deployed: boolean;
  appUrl: string;
  /** The app's operations, for the path to be picked from. */
  load(): Promise<readonly Suggestion[]>;
  onChange(fields: Partial<RequestDraft>): void;
  onSend(): void;
}

/** The request that is sent next: method, path, headers and body. */
export function RequestForm({ draft, fault, deployed, appUrl, load, onChange, onSend }: RequestFormProps) {
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend();
  };
  const errorOf = (field: string) =>
    fault?.field === field ? (
      <p id={`${id}-${field}`} role="alert" className="pt-1 text-xs text-destructive">
        {fault.message}
      </p>
    ) : null;

  return (
    <form onSubmit={submit} aria-label="Test request" className="grid shrink-0 gap-2 border-b p-3">
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
          describedBy={`${id}-path`}
          load={load}
          onChange={(path) => onChange({ path })}
          onPick={({ method, path, body }) => onChange({ method, path, body: takesBody(method) ? body || draft.body : draft.body })}
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
      {errorOf("path")}
      <Fold label="Headers" filled={draft.headers !== ""} beside={<CopyAsMenu draft={draft} appUrl={appUrl} />}>
        <textarea
          aria-label="Headers, one per line"
          aria-describedby={`${id}-headers`}
          aria-invalid={fault?.field === "headers"}
          value={draft.headers}
          onChange={({ target }) => onChange({ headers: target.value })}
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
            onChange={({ target }) => onChange({ body: target.value })}
            rows={5}
            spellCheck={false}
            placeholder={'{ "name": "Ada" }'}
            className={areaClass}
          />
          {errorOf("body")}
        </div>
      )}
    </form>
  );
}

const areaClass =
  "w-full rounded-md border border-input bg-background px-2 py-1.5 font-mono text-[13px] leading-5 outline-none placeholder:text-muted-foreground focus-visible:ring-2 focus-visible:ring-ring aria-invalid:border-destructive";

interface FoldProps {
  label: string;
  filled: boolean;
  /** On the label's line, whether it is folded or not. */
  beside: ReactNode;
  children: ReactNode;
}

function Fold({ label, filled, beside, children }: FoldProps) {
  return (
    <div className="relative">
      <div className="absolute top-0 right-0">{beside}</div>
      <details open={filled || undefined}>
        <summary className="w-fit cursor-pointer rounded text-xs text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring">
          {label}
        </summary>
        <div className="pt-1">{children}</div>
      </details>
    </div>
  );
}
