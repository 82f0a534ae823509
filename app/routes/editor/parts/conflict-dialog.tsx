/** Somebody saved meanwhile: both versions, file by file, with mine or theirs for each. Nothing is overwritten unseen. */
import { useState } from "react";
import type { Files } from "#core/contract/files.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogFooter, DialogTitle } from "#app/components/ui/dialog.tsx";
import { differencesBetween, resolveDifferences, type Difference, type Side } from "#app/stores/drafts.ts";
import { counted } from "./format.ts";
import { FileDiff } from "./file-diff.tsx";

interface ConflictDialogProps {
  /** What both began with; null when that is not known any more. */
  base: Files | null;
  mine: Files;
  theirs: Files;
  title: string;
  description: string;
  onClose(): void;
  /** Gets the files that were chosen. */
  onResolve(files: Files): void;
}

const reasons = { mine: "changed by you", theirs: "changed there", both: "changed in both" } as const;

export function ConflictDialog({ base, mine, theirs, title, description, onClose, onResolve }: ConflictDialogProps) {
  const differences = differencesBetween(base, mine, theirs);
  const [choices, setChoices] = useState<Readonly<Record<string, Side>>>({});
  const [shown, setShown] = useState(differences[0]?.path);
  const chosen = (difference: Difference): Side => choices[difference.path] ?? difference.suggested;
  const current = differences.find(({ path }) => path === shown) ?? differences[0];
  const all = (side: Side) => setChoices(Object.fromEntries(differences.map(({ path }) => [path, side])));
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="grid h-[min(44rem,90dvh)] w-[min(70rem,calc(100vw-2rem))] max-w-none grid-rows-[auto_auto_minmax(0,1fr)_auto] gap-3">
        <div className="grid gap-1.5">
          <DialogTitle>{title}</DialogTitle>
          <DialogDescription>{description}</DialogDescription>
        </div>
        <ul className="max-h-40 overflow-y-auto rounded-md border">
          {differences.map((difference) => (
            <li
              key={difference.path}
              className={`flex flex-wrap items-center gap-x-3 gap-y-1 border-b px-2 py-1 last:border-b-0 ${difference === current ? "bg-accent" : ""}`}
            >
              <button
                type="button"
                aria-current={difference === current ? "true" : undefined}
                onClick={() => setShown(difference.path)}
                className="min-w-0 flex-1 truncate rounded text-left font-mono text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring"
              >
                {difference.path}
              </button>
              <span className="text-xs text-muted-foreground">{reasons[difference.changedBy]}</span>
              <Choice
                path={difference.path}
                value={chosen(difference)}
                onChange={(side) => setChoices({ ...choices, [difference.path]: side })}
              />
            </li>
          ))}
        </ul>
        <div className="min-h-0 overflow-hidden rounded-md border">
          {current !== undefined && <FileDiff key={current.path} path={current.path} before={current.theirs} after={current.mine} />}
        </div>
        <DialogFooter>
          <span className="mr-auto self-center text-xs text-muted-foreground max-md:hidden">
            {counted(differences.length, "file differs", "files differ")}. Left: theirs, right: mine.
          </span>
          <Button variant="outline" onClick={() => all("theirs")}>
            All theirs
          </Button>
          <Button variant="outline" onClick={() => all("mine")}>
            All mine
          </Button>
          <Button onClick={() => onResolve(resolveDifferences(theirs, differences, chosen))}>Save the result</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

function Choice({ path, value, onChange }: { path: string; value: Side; onChange(side: Side): void }) {
  return (
    <fieldset className="flex overflow-hidden rounded-md border text-xs">
      <legend className="sr-only">Which {path} to keep</legend>
      {(["theirs", "mine"] as const).map((side) => (
        <label
          key={side}
          className="cursor-pointer px-2 py-0.5 has-checked:bg-primary has-checked:text-primary-foreground has-focus-visible:ring-2 has-focus-visible:ring-ring has-focus-visible:ring-inset"
        >
          <input type="radio" name={`keep-${path}`} checked={value === side} onChange={() => onChange(side)} className="sr-only" />
          {side === "mine" ? "Mine" : "Theirs"}
        </label>
      ))}
    </fieldset>
  );
}
