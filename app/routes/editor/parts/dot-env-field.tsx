/** A whole `.env` file at once: pasted, or chosen. */
import { useId, useRef, useState } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { Textarea } from "#app/components/ui/textarea.tsx";
import { readDotEnv, type EnvPair } from "../env-draft.ts";

/** The largest that the variables of an app may be, and some comments. */
const mostBytes = 500_000;

export function DotEnvField({ onAdd, onClose }: { onAdd(pairs: readonly EnvPair[]): void; onClose(): void }) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const id = useId();
  const add = () => {
    const read = readDotEnv(text);
    if ("line" in read) return setError(`Line ${read.line} is not NAME=value${read.unclosed ? ": its quote is never closed" : ""}.`);
    if (read.pairs.length === 0) return setError("There is no variable in it.");
    onAdd(read.pairs);
    onClose();
  };
  return (
    <div className="grid gap-2 rounded-md border p-3">
      <label htmlFor={id} className="text-[13px] font-medium">
        Text of a .env file
      </label>
      <Textarea
        id={id}
        rows={6}
        autoFocus
        spellCheck={false}
        autoComplete="off"
        placeholder={"# comments are left out\nGREETING=hello\nexport API_KEY='…'"}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setError(null);
        }}
        aria-invalid={error !== null}
        aria-describedby={`${id}-hint ${id}-error`}
        className="font-mono text-[13px]"
      />
      <p id={`${id}-hint`} className="text-xs text-muted-foreground">
        A name that is there already gets the new value. Names that sound secret become secrets; look before you save.
      </p>
      <p id={`${id}-error`} role="alert" className="text-xs text-destructive empty:hidden">
        {error}
      </p>
      <input
        ref={file}
        type="file"
        hidden
        aria-label="A .env file"
        onChange={({ target }) => {
          const [chosen] = target.files ?? [];
          if (chosen === undefined) return;
          if (chosen.size > mostBytes) setError(`${chosen.name} is too large for a .env file.`);
          else void chosen.text().then(setText);
          target.value = "";
        }}
      />
      <div className="flex flex-wrap gap-2">
        <Button type="button" size="sm" onClick={add} disabled={text.trim() === ""}>
          Add these
        </Button>
        <Button type="button" variant="outline" size="sm" onClick={() => file.current?.click()}>
          Choose a file
        </Button>
        <Button type="button" variant="ghost" size="sm" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
