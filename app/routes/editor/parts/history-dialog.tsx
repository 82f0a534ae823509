/** Versions, newest first: when, by whom, what differs from the draft, and one click back. */
import { useState } from "react";
import type { Version } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "#app/components/ui/dialog.tsx";
import { differencesBetween } from "#app/stores/drafts.ts";
import { useEditorStore } from "#app/stores/editor-store.ts";
import { useLoaded } from "../use-loaded.ts";
import { FileDiff } from "./file-diff.tsx";
import { PanelNote } from "./panel-note.tsx";

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
            The last 10 versions that were live. Rolling back makes one live again; your draft stays as it is.
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
            {number !== null && <VersionDiff key={number} slug={slug} number={number} />}
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

function VersionDiff({ slug, number }: { slug: string; number: number }) {
  const [version] = useLoaded<Version & { files: Files }>(`/apps/${slug}/edit/versions/${number}`);
  const draft = useEditorStore((state) => state.files);
  const [picked, setPicked] = useState<string | null>(null);
  if (version.state === "loading") return <PanelNote title="Loading…" />;
  if (version.state === "failed") return <PanelNote title="This version could not be loaded" text={version.message} />;
  const differences = differencesBetween(null, draft, version.value.files);
  const current = differences.find(({ path }) => path === picked) ?? differences[0];
  if (current === undefined) return <PanelNote title={`The editor holds version ${number}, unchanged`} />;
  return (
    <div className="flex min-h-0 flex-col rounded-md border">
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b px-2 py-1.5 text-xs text-muted-foreground">
        <label className="flex min-w-0 items-center gap-2">
          <span className="shrink-0">Version {number} → editor</span>
          <select
            value={current.path}
            onChange={({ target }) => setPicked(target.value)}
            className="h-7 min-w-0 rounded-md border border-input bg-background px-1 font-mono text-foreground outline-none focus-visible:ring-2 focus-visible:ring-ring"
          >
            {differences.map(({ path }) => (
              <option key={path}>{path}</option>
            ))}
          </select>
        </label>
      </div>
      <div className="min-h-0 flex-1">
        <FileDiff key={current.path} path={current.path} before={current.theirs} after={current.mine} />
      </div>
    </div>
  );
}
