/** Variables and secrets. A stored secret is never shown: it can be kept, replaced or removed. `.env` text may be pasted whole. */
import { FileTextIcon, LockIcon, PlusIcon, Trash2Icon } from "lucide-react";
import { useRef, useState, type ClipboardEvent } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { Textarea } from "#app/components/ui/textarea.tsx";
import { mergeEnv, parseDotEnv, type EnvRow } from "../env-draft.ts";
import { DotEnvField } from "./dot-env-field.tsx";

interface EnvEditorProps {
  rows: readonly EnvRow[];
  faults: ReadonlyMap<number, string>;
  onChange(rows: EnvRow[]): void;
}

export function EnvEditor({ rows, faults, onChange }: EnvEditorProps) {
  const nextKey = useRef(rows.length);
  const [fromText, setFromText] = useState(false);
  const set = (key: number, fields: Partial<EnvRow>) => onChange(rows.map((row) => (row.key === key ? { ...row, ...fields } : row)));
  const add = () => onChange([...rows, { key: nextKey.current++, name: "", value: "", secret: false }]);
  const paste = (event: ClipboardEvent, row: EnvRow) => {
    const pairs = parseDotEnv(event.clipboardData.getData("text"));
    if (pairs === null || row.name !== "") return;
    event.preventDefault();
    onChange(mergeEnv(rows, pairs, () => nextKey.current++));
  };
  return (
    <fieldset className="grid min-w-0 gap-2">
      <legend className="mb-1 text-[13px] font-medium">Variables and secrets</legend>
      {rows.length === 0 && <p className="text-[13px] text-muted-foreground">None yet. Your code reads them with os.environ.</p>}
      {rows.map((row) => (
        <div key={row.key} className="grid gap-1">
          <div className="flex items-center gap-1.5">
            <Input
              aria-label="Name"
              placeholder="NAME"
              value={row.name}
              spellCheck={false}
              autoComplete="off"
              readOnly={row.value === null}
              aria-invalid={faults.has(row.key)}
              onPaste={(event) => paste(event, row)}
              onChange={({ target }) => set(row.key, { name: target.value })}
              className="min-w-0 flex-1 font-mono text-[13px]"
            />
            <ValueField row={row} onChange={(value) => set(row.key, { value })} />
            <Button
              type="button"
              variant="ghost"
              size="icon-sm"
              disabled={row.value === null}
              aria-pressed={row.secret}
              aria-label={`Secret${row.name === "" ? "" : `: ${row.name}`}`}
              title={row.secret ? "Secret: stored encrypted, never shown again" : "Make it a secret"}
              onClick={() => set(row.key, { secret: !row.secret })}
              className={row.secret ? "text-foreground" : "text-muted-foreground/60"}
            >
              <LockIcon aria-hidden />
            </Button>
            <Button
              type="button"
              variant="ghost"
              size="icon-sm"
              aria-label={`Remove ${row.name || "this variable"}`}
              title="Remove"
              onClick={() => onChange(rows.filter(({ key }) => key !== row.key))}
            >
              <Trash2Icon aria-hidden />
            </Button>
          </div>
          {faults.has(row.key) && (
            <p role="alert" className="text-xs text-destructive">
              {faults.get(row.key)}
            </p>
          )}
        </div>
      ))}
      {fromText ? (
        <DotEnvField onAdd={(pairs) => onChange(mergeEnv(rows, pairs, () => nextKey.current++))} onClose={() => setFromText(false)} />
      ) : (
        <div className="flex flex-wrap gap-2">
          <Button type="button" variant="outline" size="sm" onClick={add}>
            <PlusIcon aria-hidden />
            Add variable
          </Button>
          <Button type="button" variant="outline" size="sm" onClick={() => setFromText(true)}>
            <FileTextIcon aria-hidden />
            From a .env file
          </Button>
        </div>
      )}
    </fieldset>
  );
}

/** A field of one line would silently take the line breaks out of a key or certificate. */
function ValueField({ row, onChange }: { row: EnvRow; onChange(value: string): void }) {
  const label = `Value of ${row.name || "the new variable"}`;
  const hasLines = row.value?.includes("\n") === true;
  if (row.value === null || (hasLines && row.secret))
    return (
      <button
        type="button"
        onClick={() => onChange("")}
        className="h-9 min-w-0 flex-1 truncate rounded-md border border-dashed px-3 text-left text-xs text-muted-foreground outline-none hover:bg-accent focus-visible:ring-2 focus-visible:ring-ring"
      >
        {row.value === null ? "Stored secret. Replace" : `${row.value.split("\n").length} lines, hidden. Replace`}
      </button>
    );
  const shared = { "aria-label": label, spellCheck: false, autoComplete: "off", className: "min-w-0 flex-1 font-mono text-[13px]" };
  if (hasLines) return <Textarea {...shared} rows={3} value={row.value} onChange={({ target }) => onChange(target.value)} />;
  return (
    <Input
      {...shared}
      placeholder={row.isUnset === true ? "not set yet" : "value"}
      type={row.secret ? "password" : "text"}
      value={row.value}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}
