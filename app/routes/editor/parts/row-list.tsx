/** Names and values in rows, with one more that is empty: typing in it makes the next. */
import { XIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "#app/components/ui/button.tsx";
import type { Row } from "../request-headers.ts";
import { smallInput } from "./small-input.ts";

export interface RowListProps<R extends Row> {
  /** Of one row, such as "Header": names the fields. */
  label: string;
  rows: readonly R[];
  /** What the last row holds. */
  empty: R;
  onChange(rows: R[]): void;
  /** Whether a row can be switched off and stay. */
  switchable?: boolean;
  /** The id of a datalist that names are completed from. */
  names?: string;
  refuse?(row: R): string | null;
  /** Rows in a text that is pasted into a name, or null. */
  parsePaste?(text: string): R[] | null;
  /** Another field than a text for the value; null for the text. */
  toValue?(row: R, label: string, set: (fields: Partial<R>) => void): ReactNode;
}

export function RowList<R extends Row>(props: RowListProps<R>) {
  const { label, rows, empty, onChange, switchable = true, names, refuse, parsePaste, toValue } = props;
  const shown = [...rows, empty];
  return (
    <ul className="grid gap-1" aria-label={`${label}s`}>
      {shown.map((row, index) => {
        const title = `${label} ${index + 1}`;
        const isNew = index === rows.length;
        const refusal = row.on ? (refuse?.(row) ?? null) : null;
        const set = (fields: Partial<R>) =>
          onChange(shown.slice(0, isNew ? undefined : -1).map((each, at) => (at === index ? { ...each, ...fields } : each)));
        return (
          // oxlint-disable-next-line react/no-array-index-key -- a row is its place: its name changes while it is typed
          <li key={index}>
            <div className={`flex items-center gap-1.5 ${row.on ? "" : "opacity-60"}`}>
              {switchable && (
                <input
                  type="checkbox"
                  aria-label={`Send ${title.toLowerCase()}`}
                  checked={row.on}
                  disabled={isNew}
                  onChange={({ target }) => set({ on: target.checked } as Partial<R>)}
                  className="size-3.5 shrink-0 accent-primary disabled:invisible"
                />
              )}
              <input
                aria-label={`${title} name`}
                aria-invalid={refusal !== null}
                list={names}
                value={row.name}
                placeholder="Name"
                spellCheck={false}
                autoCapitalize="off"
                autoComplete="off"
                onChange={({ target }) => set({ name: target.value } as Partial<R>)}
                onPaste={(event) => {
                  const pasted = parsePaste?.(event.clipboardData.getData("text"));
                  if (!pasted) return;
                  event.preventDefault();
                  onChange([...rows.slice(0, index), ...pasted, ...rows.slice(index + (row.name === "" ? 1 : 0))]);
                }}
                className={`${smallInput} flex-2`}
              />
              {toValue?.(row, title, set) ?? (
                <input
                  aria-label={`${title} value`}
                  value={row.value}
                  placeholder="Value"
                  spellCheck={false}
                  autoCapitalize="off"
                  autoComplete="off"
                  onChange={({ target }) => set({ value: target.value } as Partial<R>)}
                  className={`${smallInput} flex-3`}
                />
              )}
              <Button
                type="button"
                variant="ghost"
                size="icon-sm"
                aria-label={`Remove ${title.toLowerCase()}`}
                title="Remove"
                disabled={isNew}
                className="disabled:invisible"
                onClick={() => onChange(rows.filter((_, at) => at !== index))}
              >
                <XIcon aria-hidden />
              </Button>
            </div>
            {refusal !== null && <p className="pt-0.5 pb-1 pl-5 text-xs text-destructive">{refusal}</p>}
          </li>
        );
      })}
    </ul>
  );
}
