/** A path with suggestions from the app's own operations: a combobox with a list (WAI-ARIA), arrows and Enter choose. */
import { useId, useState, type KeyboardEvent } from "react";
import type { Suggestion } from "../openapi.ts";
import { completePath } from "../suggestions.ts";

interface PathInputProps {
  value: string;
  invalid: boolean;
  describedBy: string;
  load(): Promise<readonly Suggestion[]>;
  onChange(path: string): void;
  onPick(suggestion: Suggestion): void;
}

export function PathInput({ value, invalid, describedBy, load, onChange, onPick }: PathInputProps) {
  const [suggestions, setSuggestions] = useState<readonly Suggestion[]>([]);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const listId = useId();
  // A path that stands complete is no question: all operations are shown then, so that another can be chosen.
  const exact = suggestions.some(({ path }) => path === value);
  const found = open ? completePath(suggestions, exact ? "" : value, 12) : [];

  const show = () => {
    setOpen(true);
    setAt(-1);
    void load().then(setSuggestions);
  };
  const pick = (suggestion: Suggestion) => {
    onPick(suggestion);
    setOpen(false);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape" && open) {
      event.stopPropagation();
      setOpen(false);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return show();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // From nowhere, down begins at the first and up at the last.
      setAt((before) =>
        found.length === 0 ? -1 : before < 0 ? (step > 0 ? 0 : found.length - 1) : (before + step + found.length) % found.length,
      );
    } else if (event.key === "Enter" && open && found[at] !== undefined) {
      event.preventDefault();
      pick(found[at]);
    }
  };
  return (
    <div className="relative min-w-0 flex-1">
      <input
        role="combobox"
        aria-label="Path"
        aria-expanded={found.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={at >= 0 && found[at] !== undefined ? `${listId}-${at}` : undefined}
        aria-invalid={invalid}
        aria-describedby={describedBy}
        value={value}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onFocus={show}
        onBlur={() => setOpen(false)}
        onChange={({ target }) => {
          onChange(target.value);
          if (!open) show();
          setAt(-1);
        }}
        onKeyDown={onKey}
        className="h-8 w-full rounded-md border border-input bg-background px-2 font-mono text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring aria-invalid:border-destructive"
      />
      <ul
        id={listId}
        role="listbox"
        aria-label="Operations of the app"
        hidden={found.length === 0}
        className="absolute inset-x-0 top-9 z-20 max-h-72 min-w-60 overflow-y-auto rounded-md border bg-popover p-1 text-popover-foreground shadow-md"
      >
        {found.map((suggestion, index) => (
          <li
            key={`${suggestion.method} ${suggestion.path}`}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === at}
            // Before the input loses the focus, which would close the list.
            onPointerDown={(event) => {
              event.preventDefault();
              pick(suggestion);
            }}
            className={`flex cursor-default items-baseline gap-2 rounded px-2 py-1 font-mono text-[13px] ${index === at ? "bg-accent" : "hover:bg-accent"}`}
          >
            <span className="w-14 shrink-0 text-xs text-muted-foreground">{suggestion.method}</span>
            <span className="min-w-0 truncate">{suggestion.path}</span>
            <span className="ml-auto max-w-[40%] truncate font-sans text-xs text-muted-foreground">{suggestion.summary}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
