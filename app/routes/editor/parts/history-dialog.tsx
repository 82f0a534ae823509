/** Versions, newest first: when, by whom, what differs from the draft, and one click back. */
import { useState } from "react";
import type { Version } from "#core/contract/deployment.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "#app/components/ui/dialog.tsx";
import { useLoaded } from "../use-loaded.ts";
import { PanelNote } from "./panel-note.tsx";
import { VersionDiff } from "./version-diff.tsx";

interface HistoryDialogProps {
  slug: string;
  onClose(): void;
  onRollback(version: number): void;
}

export function HistoryDialog({ slug, onClose, onRollback }: HistoryDialogProps) {
  const [versions] = useLoaded<{ versions: Version[] }>(`/apps/${slug}/edit/versions`);
  const [picked, setPicked] = useState<number | null>(null);
  const number = picked ?? (versions.state === "loaded" ? (versions.value.versions[0]?.number ?? null) : null);
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="grid h-[min(44rem,90dvh)] w-[min(72rem,calc(100vw-2rem))] max-w-none grid-rows-[auto_minmax(0,1fr)] gap-3">
        <div className="grid gap-1.5">
          <DialogTitle>History</DialogTitle>
          <DialogDescription>
            The last 10 versions that were live. Rolling back makes one live again and leaves your draft; restoring puts one into the editor
            and leaves live.
          </DialogDescription>
        </div>
        {versions.state === "loading" && <PanelNote title="Loading the versions…" />}
        {versions.state === "failed" && <PanelNote title="The versions could not be loaded" text={versions.message} />}
        {versions.state === "loaded" && versions.value.versions.length === 0 && (
          <PanelNote title="No versions yet" text="Each successful deployment becomes one." />
        )}
        {versions.state === "loaded" && versions.value.versions.length > 0 && (
          <div className="grid min-h-0 gap-3 max-md:grid-rows-[minmax(0,2fr)_minmax(0,3fr)] md:grid-cols-[19rem_minmax(0,1fr)]">
            <ul className="min-h-0 overflow-y-auto rounded-md border">
              {versions.value.versions.map((version) => (
                <VersionRow
                  key={version.number}
                  version={version}
                  active={version.number === number}
                  onPick={() => setPicked(version.number)}
                  onRollback={() => {
                    onClose();
                    onRollback(version.number);
                  }}
                />
              ))}
            </ul>
            {number !== null && (
              <VersionDiff
                key={number}
                slug={slug}
                number={number}
                live={versions.value.versions.find(({ live }) => live)?.number ?? null}
                onRestored={onClose}
              />
            )}
          </div>
        )}
      </DialogContent>
    </Dialog>
  );
}

function VersionRow({ version, active, onPick, onRollback }: { version: Version; active: boolean; onPick(): void; onRollback(): void }) {
  return (
    <li className={`flex items-center gap-2 border-b px-3 py-2 last:border-b-0 ${active ? "bg-accent" : ""}`}>
      <button
        type="button"
        aria-current={active ? "true" : undefined}
        onClick={onPick}
        className="min-w-0 flex-1 rounded text-left text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring"
      >
        <span className="flex items-baseline gap-2 font-medium tabular-nums">
          Version {version.number}
          {version.live && <span className="text-xs font-normal text-running">Live</span>}
        </span>
        <span className="block truncate text-xs text-muted-foreground">
          <time dateTime={version.createdAt} title={version.createdAt}>
            {new Date(version.createdAt).toLocaleString()}
          </time>{" "}
          · {version.author}
        </span>
        {version.message !== "" && <span className="block truncate text-xs text-muted-foreground">{version.message}</span>}
      </button>
      {!version.live && (
        <Button variant="outline" size="sm" onClick={onRollback}>
          Roll back
        </Button>
      )}
    </li>
  );
}
