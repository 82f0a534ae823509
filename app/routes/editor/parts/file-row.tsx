import { FileCode2Icon, FileIcon, FileTextIcon, ImageIcon, LockIcon, PencilIcon, Trash2Icon } from "lucide-react";
import type { KeyboardEvent } from "react";
import { isBinaryPath } from "#core/bundle.ts";
import type { SourceProblem } from "#core/contract/problem.ts";

/** The row's element, for the arrow keys to go to. */
export const rowId = (path: string) => `file-${path}`;

export interface FileRowProps {
  path: string;
  active: boolean;
  /** The entrypoint, which stays where it is. */
  locked: boolean;
  changed: boolean;
  /** Of what is wrong in it. */
  worst: SourceProblem["severity"] | undefined;
  onOpen(): void;
  onKey(event: KeyboardEvent): void;
  onRename(): void;
  onRemove(): void;
}

/** One file: opens it, and offers to rename or delete it. */
export function FileRow({ path, active, locked, changed, worst, onOpen, onKey, onRename, onRemove }: FileRowProps) {
  const slash = path.lastIndexOf("/") + 1;
  const tone = worst === "error" ? "text-destructive" : worst === "warning" ? "text-deploying" : "";
  return (
    <li className={`group relative flex h-8 items-center rounded-md ${active ? "bg-accent" : "hover:bg-accent/60"}`}>
      <button
        type="button"
        id={rowId(path)}
        aria-current={active ? "true" : undefined}
        title={path}
        onClick={onOpen}
        onKeyDown={onKey}
        className="flex h-full min-w-0 flex-1 items-center gap-2 rounded-md px-2 text-left text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring"
      >
        <FileGlyph path={path} />
        <span className={`flex min-w-0 ${tone}`}>
          {slash > 0 && <span className="min-w-0 shrink-[99] truncate text-muted-foreground">{path.slice(0, slash)}</span>}
          <span className="min-w-0 truncate">{path.slice(slash)}</span>
        </span>
        {worst !== undefined && <span className="sr-only">, has {worst === "error" ? "errors" : "warnings"}</span>}
        {changed && (
          <span
            title="Not saved"
            className="ml-auto size-1.5 shrink-0 rounded-full bg-foreground/60 group-hover:opacity-0 group-focus-within:opacity-0"
          >
            <span className="sr-only">, not saved</span>
          </span>
        )}
      </button>
      {locked ? (
        <span
          title="The entrypoint: it can be neither renamed nor deleted"
          className="absolute right-2 hidden text-muted-foreground group-hover:block"
        >
          <LockIcon aria-hidden className="size-3.5" />
        </span>
      ) : (
        <span className="absolute right-1 flex rounded-md bg-accent opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
          <RowButton label={`Rename ${path}`} onClick={onRename}>
            <PencilIcon aria-hidden className="size-3.5" />
          </RowButton>
          <RowButton label={`Delete ${path}`} onClick={onRemove}>
            <Trash2Icon aria-hidden className="size-3.5" />
          </RowButton>
        </span>
      )}
    </li>
  );
}

function RowButton({ label, onClick, children }: { label: string; onClick(): void; children: React.ReactNode }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onClick}
      className="grid size-6 place-items-center rounded text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring"
    >
      {children}
    </button>
  );
}

function FileGlyph({ path }: { path: string }) {
  const Glyph = isBinaryPath(path) ? ImageIcon : path.endsWith(".py") ? FileCode2Icon : /\.(md|txt)$/.test(path) ? FileTextIcon : FileIcon;
  return <Glyph aria-hidden className="size-4 shrink-0 text-muted-foreground" />;
}
