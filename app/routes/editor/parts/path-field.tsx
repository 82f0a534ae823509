/** A path typed in place: Enter takes it, Escape leaves it, and what speaks against it stands below. */
import { useId, useState } from "react";

interface PathFieldProps {
  label: string;
  initial: string;
  /** Why this path cannot be taken, or null. */
  refuse(path: string): string | null;
  onSubmit(path: string): void;
  onCancel(): void;
}

export function PathField({ label, initial, refuse, onSubmit, onCancel }: PathFieldProps) {
  const [value, setValue] = useState(initial);
  const [touched, setTouched] = useState(false);
  const hintId = useId();
  const refusal = refuse(value.trim());
  const submit = () => {
    setTouched(true);
    if (refusal === null) onSubmit(value.trim());
  };
  return (
    <div className="px-1 py-0.5">
      <input
        autoFocus
        aria-label={label}
        aria-invalid={touched && refusal !== null}
        aria-describedby={hintId}
        value={value}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onFocus={({ currentTarget }) => currentTarget.setSelectionRange(value.lastIndexOf("/") + 1, Math.max(value.lastIndexOf("."), 0))}
        onChange={({ target }) => {
          setValue(target.value);
          setTouched(true);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") submit();
          else if (event.key === "Escape") onCancel();
        }}
        onBlur={() => (refusal === null ? onSubmit(value.trim()) : onCancel())}
        className="h-7 w-full rounded-md border border-input bg-background px-2 font-mono text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring aria-invalid:border-destructive"
      />
      <p id={hintId} role={touched && refusal !== null ? "alert" : undefined} className="px-1 pt-1 text-xs text-destructive empty:hidden">
        {touched ? refusal : null}
      </p>
    </div>
  );
}
