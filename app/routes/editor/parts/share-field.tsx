import { useId } from "react";
import { CopyButton } from "#app/components/ui/copy-button.tsx";

interface ShareFieldProps {
  slug: string;
  /** As chosen here. */
  shared: boolean;
  /** As it is now: the link works. */
  saved: boolean;
  onChange(shared: boolean): void;
}

/** Whether others may read the app's files and make a copy of their own; and the link for them. */
export function ShareField({ slug, shared, saved, onChange }: ShareFieldProps) {
  const id = useId();
  // The drawer opens in a browser only.
  const link = `${location.origin}/apps/${slug}/copy`;
  return (
    <div className="grid gap-1.5">
      <label className="flex items-start gap-2 text-[13px] font-medium">
        <input
          type="checkbox"
          checked={shared}
          onChange={({ target }) => onChange(target.checked)}
          aria-describedby={`${id}-hint`}
          className="mt-0.5 size-4 shrink-0 accent-primary"
        />
        Others may read its files and make their own copy
      </label>
      <p id={`${id}-hint`} className="text-xs text-muted-foreground">
        Everyone with an account here: the files of the live version, your name, and the names of its variables. Never their values, and
        nothing of its database.
      </p>
      {shared && (
        <p className="flex min-w-0 items-center gap-1 text-xs">
          <span className="min-w-0 truncate font-mono text-muted-foreground" title={link}>
            {link}
          </span>
          <CopyButton value={link} label="Copy the link" />
          {!saved && <span className="shrink-0 text-muted-foreground">works once saved</span>}
        </p>
      )}
    </div>
  );
}
