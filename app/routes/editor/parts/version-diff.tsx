/** One version beside what the editor holds, or beside what is live; and the way to take it into the editor. */
import { useState } from "react";
import type { Version } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";
import { Button } from "#app/components/ui/button.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import { differencesBetween } from "#app/stores/drafts.ts";
import { useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import { useLoaded } from "../use-loaded.ts";
import { FileDiff } from "./file-diff.tsx";
import { PanelNote } from "./panel-note.tsx";

type Whole = Version & { files: Files };

interface VersionDiffProps {
  slug: string;
  number: number;
  /** The version that is live, if one is. */
  live: number | null;
  onRestored(): void;
}

const small =
  "h-7 min-w-0 rounded-md border border-input bg-background px-1 text-foreground outline-none focus-visible:ring-2 focus-visible:ring-ring";

export function VersionDiff({ slug, number, live, onRestored }: VersionDiffProps) {
  const store = useEditorStoreApi();
  const draft = useEditorStore((state) => state.files);
  const [version] = useLoaded<Whole>(`/apps/${slug}/edit/versions/${number}`);
  const [against, setAgainst] = useState<"editor" | "live">("editor");
  if (version.state === "loading") return <PanelNote title="Loading…" />;
  if (version.state === "failed") return <PanelNote title="This version could not be loaded" text={version.message} />;
  const { files } = version.value;
  const restore = () => {
    const before = store.getState().files;
    store.getState().replace(files);
    onRestored();
    toast({
      title: `The editor holds version ${number}`,
      description: "Nothing is saved or deployed yet.",
      action: { label: "Undo", onClick: () => store.getState().replace(before) },
    });
  };
  return (
    <div className="flex min-h-0 flex-col rounded-md border">
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b px-2 py-1.5 text-xs text-muted-foreground">
        <label className="flex min-w-0 items-center gap-2">
          <span className="shrink-0">Version {number} →</span>
          <select value={against} onChange={({ target }) => setAgainst(target.value === "live" ? "live" : "editor")} className={small}>
            <option value="editor">editor</option>
            {live !== null && live !== number && <option value="live">live (version {live})</option>}
          </select>
        </label>
        <Button size="sm" variant="outline" className="ml-auto" onClick={restore}>
          Restore into the editor
        </Button>
      </div>
      {against === "editor" ? (
        <Differences before={files} after={draft} same={`The editor holds version ${number}, unchanged`} />
      ) : (
        <LiveDifferences slug={slug} live={live ?? number} before={files} />
      )}
    </div>
  );
}

function LiveDifferences({ slug, live, before }: { slug: string; live: number; before: Files }) {
  const [version] = useLoaded<Whole>(`/apps/${slug}/edit/versions/${live}`);
  if (version.state === "loading") return <PanelNote title="Loading…" />;
  if (version.state === "failed") return <PanelNote title="The live version could not be loaded" text={version.message} />;
  return <Differences before={before} after={version.value.files} same={`Version ${live}, which is live, is the same`} />;
}

function Differences({ before, after, same }: { before: Files; after: Files; same: string }) {
  const [picked, setPicked] = useState<string | null>(null);
  const differences = differencesBetween(null, after, before);
  const current = differences.find(({ path }) => path === picked) ?? differences[0];
  if (current === undefined) return <PanelNote title={same} />;
  return (
    <>
      <div className="flex shrink-0 items-center border-b px-2 py-1.5 text-xs">
        <select aria-label="File" value={current.path} onChange={({ target }) => setPicked(target.value)} className={`${small} font-mono`}>
          {differences.map(({ path }) => (
            <option key={path}>{path}</option>
          ))}
        </select>
      </div>
      <div className="min-h-0 flex-1">
        <FileDiff key={current.path} path={current.path} before={current.theirs} after={current.mine} />
      </div>
    </>
  );
}
