/** The app's files: open, add (from small starters or by upload), rename, delete with undo. The entrypoint stays. */
import { FileCode2Icon, FileIcon, FileTextIcon, ImageIcon, LockIcon, PencilIcon, PlusIcon, Trash2Icon, UploadIcon } from "lucide-react";
import { useRef, useState, type KeyboardEvent } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "#app/components/ui/menu.tsx";
import { useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import { sameContent } from "#app/stores/drafts.ts";
import { checkPath, contentFromBytes, isBinaryPath } from "#core/bundle.ts";
import type { SourceProblem } from "#core/contract/problem.ts";
import { freePath, listOrder, refusePath, starters } from "../file-rules.ts";
import { toast } from "#app/components/ui/toast.tsx";
import { PathField } from "./path-field.tsx";

export function FileList({ problems }: { problems: readonly SourceProblem[] }) {
  const store = useEditorStoreApi();
  const files = useEditorStore((state) => state.files);
  const base = useEditorStore((state) => state.base.files);
  const active = useEditorStore((state) => state.active);
  const entrypoint = useEditorStore((state) => state.entrypoint);
  // The path that is being renamed, or "" for a new one.
  const [editing, setEditing] = useState<{ from: string | null; value: string; content: string } | null>(null);
  const paths = listOrder(files, entrypoint);

  const remove = (path: string) => {
    const content = store.getState().remove(path);
    if (content === null) return;
    toast({
      title: `Deleted ${path}`,
      action: { label: "Undo", onClick: () => store.getState().files[path] === undefined && store.getState().add(path, content) },
    });
  };
  const onKey = (event: KeyboardEvent, path: string) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "F2" && path !== entrypoint) setEditing({ from: path, value: path, content: "" });
    else if (event.key === "Delete" && path !== entrypoint) remove(path);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = paths[paths.indexOf(path) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next !== undefined) document.getElementById(rowId(next))?.focus();
    }
  };
  const submit = (path: string) => {
    if (editing === null) return;
    if (editing.from === null) store.getState().add(path, editing.content);
    else if (editing.from !== path) store.getState().rename(editing.from, path);
    setEditing(null);
  };

  return (
    <nav aria-label="Files" className="flex h-full min-h-0 flex-col bg-muted/40">
      <div className="flex h-9 shrink-0 items-center justify-between border-b pr-1 pl-3">
        <h2 className="text-xs font-medium text-muted-foreground">Files</h2>
        <AddMenu onAdd={(path, content) => setEditing({ from: null, value: freePath(files, path), content })} />
      </div>
      <ul className="min-h-0 flex-1 overflow-y-auto p-1">
        {paths.map((path) =>
          editing?.from === path ? (
            <li key={path}>
              <PathField
                label={`New name of ${path}`}
                initial={path}
                refuse={(value) => refusePath(files, value, path)}
                onSubmit={submit}
                onCancel={() => setEditing(null)}
              />
            </li>
          ) : (
            <FileRow
              key={path}
              path={path}
              active={path === active}
              locked={path === entrypoint}
              changed={!sameContent(base[path], files[path])}
              worst={
                problems.find((problem) => problem.file === path && problem.severity === "error")?.severity ??
                problems.find((problem) => problem.file === path && problem.severity === "warning")?.severity
              }
              onOpen={() => store.getState().open(path)}
              onKey={(event) => onKey(event, path)}
              onRename={() => setEditing({ from: path, value: path, content: "" })}
              onRemove={() => remove(path)}
            />
          ),
        )}
        {editing?.from === null && (
          <li>
            <PathField
              label="Name of the new file"
              initial={editing.value}
              refuse={(value) => refusePath(files, value)}
              onSubmit={submit}
              onCancel={() => setEditing(null)}
            />
          </li>
        )}
      </ul>
    </nav>
  );
}

const rowId = (path: string) => `file-${path}`;

interface FileRowProps {
  path: string;
  active: boolean;
  locked: boolean;
  changed: boolean;
  worst: SourceProblem["severity"] | undefined;
  onOpen(): void;
  onKey(event: KeyboardEvent): void;
  onRename(): void;
  onRemove(): void;
}

function FileRow({ path, active, locked, changed, worst, onOpen, onKey, onRename, onRemove }: FileRowProps) {
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

function AddMenu({ onAdd }: { onAdd(path: string, content: string): void }) {
  const store = useEditorStoreApi();
  const input = useRef<HTMLInputElement>(null);
  const upload = async (list: Uploads) => {
    for (const file of list) {
      const path = freePath(store.getState().files, uploadPath(file.name));
      const bad = checkPath(path);
      if (bad !== null) {
        toast({ title: bad.message, type: "error" });
        continue;
      }
      try {
        store.getState().add(path, contentFromBytes(path, new Uint8Array(await file.arrayBuffer())));
      } catch {
        toast({ title: `${file.name} is not UTF-8 text, so it cannot be added as ${path}.`, type: "error" });
      }
    }
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={(event) => {
          void upload([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <Menu>
        <MenuTrigger render={<Button variant="ghost" size="icon-sm" aria-label="Add a file" title="Add a file" />}>
          <PlusIcon aria-hidden />
        </MenuTrigger>
        <MenuContent align="end">
          {starters.map(({ label, path, content }) => (
            <MenuItem key={path} onClick={() => onAdd(path, content)}>
              {label}
              <span className="ml-auto pl-6 font-mono text-xs text-muted-foreground">{path}</span>
            </MenuItem>
          ))}
          <MenuSeparator />
          <MenuItem onClick={() => input.current?.click()}>
            <UploadIcon aria-hidden />
            Upload file
          </MenuItem>
        </MenuContent>
      </Menu>
    </>
  );
}

type Uploads = readonly File[];

/** Pictures and fonts are served from static/, where alone they may lie; everything else lands at the top. */
function uploadPath(name: string): string {
  const plain = name
    .normalize("NFC")
    .trim()
    .replaceAll(/[^\w.\-\u00C0-\uFFFF]+/g, "_");
  return isBinaryPath(plain) ? `static/${plain}` : plain;
}
