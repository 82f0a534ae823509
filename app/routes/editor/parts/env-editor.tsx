/** Variables and secrets. A stored secret is never shown: it can be kept, replaced or removed. `.env` text may be pasted whole. */
import { LockIcon, PlusIcon, Trash2Icon } from "lucide-react";
import { useRef, type ClipboardEvent } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { looksSecret, parseDotEnv, type EnvRow } from "../env-draft.ts";

interface EnvEditorProps {
  rows: readonly EnvRow[];
  faults: ReadonlyMap<number, string>;
  onChange(rows: EnvRow[]): void;
}

export function EnvEditor({ rows, faults, onChange }: EnvEditorProps) {
  const nextKey = useRef(rows.length);
  const set = (key: number, fields: Partial<EnvRow>) => onChange(rows.map((row) => (row.key === key ? { ...row, ...fields } : row)));
  const add = () => onChange([...rows, { key: nextKey.current++, name: "", value: "", secret: false }]);
  const paste = (event: ClipboardEvent, row: EnvRow) => {
    const pairs = parseDotEnv(event.clipboardData.getData("text"));
    if (pairs === null || row.name !== "") return;
    event.preventDefault();
    onChange([
      ...rows.filter(({ key }) => key !== row.key),
      ...pairs.map((pair) => ({ key: nextKey.current++, ...pair, secret: looksSecret(pair.name) })),
    ]);
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
            {row.value === null ? (
              <button
                type="button"
                onClick={() => set(row.key, { value: "" })}
                className="h-9 min-w-0 flex-1 truncate rounded-md border border-dashed px-3 text-left text-xs text-muted-foreground outline-none hover:bg-accent focus-visible:ring-2 focus-visible:ring-ring"
              >
                Stored secret. Replace
              </button>
            ) : (
              <Input
                aria-label={`Value of ${row.name || "the new variable"}`}
                placeholder={row.isUnset === true ? "not set yet" : "value"}
                type={row.secret ? "password" : "text"}
                value={row.value}
                spellCheck={false}
                autoComplete="off"
                onChange={({ target }) => set(row.key, { value: target.value })}
                className="min-w-0 flex-1 font-mono text-[13px]"
              />
            )}
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
      <Button type="button" variant="outline" size="sm" className="w-fit" onClick={add}>
        <PlusIcon aria-hidden />
        Add variable
      </Button>
    </fieldset>
  );
}
