/** The app's files: open, add (from small starters or by upload), rename, delete with undo. The entrypoint stays. */
import { PlusIcon, SearchIcon } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { DeferredMenu } from "#app/components/ui/deferred-menu.tsx";
import { useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import { sameContent } from "#app/stores/drafts.ts";
import type { SourceProblem } from "#core/contract/problem.ts";
import { toast } from "#app/components/ui/toast.tsx";
import { freePath, listOrder, refusePath } from "../file-rules.ts";
import { FileRow, rowId } from "./file-row.tsx";
import { PathField } from "./path-field.tsx";
import { SizeMeter } from "./size-meter.tsx";
import type { Upload } from "../uploads.ts";
import { useUploads } from "../use-uploads.ts";

const loadAddMenu = () => import("./add-file-menu.tsx").then((module) => module.AddFileMenu);

interface FileListProps {
  problems: readonly SourceProblem[];
  onRename(from: string, to: string): void;
}

export function FileList({ problems, onRename }: FileListProps) {
  const store = useEditorStoreApi();
  const files = useEditorStore((state) => state.files);
  const base = useEditorStore((state) => state.base.files);
  const active = useEditorStore((state) => state.active);
  const entrypoint = useEditorStore((state) => state.entrypoint);
  // The path that is being renamed, or "" for a new one.
  const [editing, setEditing] = useState<{ from: string | null; value: string; content: string } | null>(null);
  const { upload, drop, isOver } = useUploads();
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
    else if (editing.from !== path) onRename(editing.from, path);
    setEditing(null);
  };

  return (
    <nav aria-label="Files" className={`flex h-full min-h-0 flex-col ${isOver ? "bg-primary/10" : "bg-muted/40"}`} {...drop}>
      <div className="flex h-9 shrink-0 items-center justify-between border-b pr-1 pl-3">
        <h2 className="text-xs font-medium text-muted-foreground">Files</h2>
        <div className="flex">
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label="Search all files"
            title="Search all files (Ctrl+Shift+F)"
            onClick={() => store.getState().showSearch("")}
          >
            <SearchIcon aria-hidden />
          </Button>
          <DeferredMenu
            load={loadAddMenu}
            trigger={
              <Button variant="ghost" size="icon-sm" aria-label="Add a file" title="Add a file">
                <PlusIcon aria-hidden />
              </Button>
            }
            own={{
              onAdd: (path: string, content: string) => setEditing({ from: null, value: freePath(files, path), content }),
              onUpload: (uploads: Upload[]) => void upload(uploads),
            }}
          />
        </div>
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
      <SizeMeter files={files} />
    </nav>
  );
}
