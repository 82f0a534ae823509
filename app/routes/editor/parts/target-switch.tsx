/** Which of the two is tried: what visitors get, or the draft. */
import { useId } from "react";
import type { Target } from "#app/stores/editor-store.ts";

const targets = [
  { id: "live", label: "Live" },
  { id: "draft", label: "Draft" },
] as const;

export function TargetSwitch({ target, onPick }: { target: Target; onPick(target: Target): void }) {
  const name = useId();
  return (
    <fieldset className="mr-1 flex h-6 items-center rounded-md bg-muted p-0.5 text-xs">
      <legend className="sr-only">What is tried</legend>
      {targets.map(({ id, label }) => (
        <label
          key={id}
          className="flex h-5 cursor-pointer items-center rounded-[5px] px-2 text-muted-foreground has-checked:bg-background has-checked:text-foreground has-checked:shadow-xs has-focus-visible:ring-2 has-focus-visible:ring-ring"
        >
          <input type="radio" name={name} className="sr-only" checked={id === target} onChange={() => onPick(id)} />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
