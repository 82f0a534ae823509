/** The middle: the open file. Monaco comes after the first paint; until then lines of the same size stand in its place. */
import { Suspense, lazy, useSyncExternalStore } from "react";
import type { FileContent } from "#core/contract/files.ts";
import { contentSizeBytes } from "#core/bundle.ts";
import { useEditorStore } from "#app/stores/editor-store.ts";
import { formatSize } from "../answer-body.ts";
import type { MonacoPaneProps } from "./monaco-pane.client.tsx";

const MonacoPane = lazy(() => import("./monaco-pane.client.tsx").then((module) => ({ default: module.MonacoPane })));

const never = () => () => undefined;

export function CodePane(props: MonacoPaneProps) {
  const hydrated = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  const active = useEditorStore((state) => state.active);
  const content = useEditorStore((state) => state.files[state.active]);
  const binary = typeof content === "object";
  return (
    <section aria-label="Code" className="flex h-full min-h-0 flex-col bg-background">
      <div className="flex h-9 shrink-0 items-center border-b px-3 font-mono text-[13px]">
        <span className="truncate">{active}</span>
      </div>
      <div className="relative min-h-0 flex-1">
        {binary && <BinaryFile path={active} content={content} />}
        {/* Kept mounted beside a picture: its undo history and folds stay. */}
        <div className={`size-full ${binary ? "hidden" : ""}`}>
          {hydrated ? (
            <Suspense fallback={<CodeSkeleton />}>
              <MonacoPane {...props} />
            </Suspense>
          ) : (
            <CodeSkeleton />
          )}
        </div>
      </div>
    </section>
  );
}

/** Widths of lines as code has them, in percent; 0 is an empty line. */
const lines = [38, 0, 22, 0, 0, 18, 34, 46, 0, 0, 26, 40, 58, 30];

export function CodeSkeleton() {
  return (
    <div role="status" aria-label="Loading the editor" className="grid gap-2 py-2.5 pl-16">
      {lines.map((width, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the lines never move
        <div key={index} className="h-3 rounded bg-muted motion-safe:animate-pulse" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

const types: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  ico: "image/x-icon",
};

function BinaryFile({ path, content }: { path: string; content: Exclude<FileContent, string> }) {
  const type = types[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
  return (
    <div className="flex size-full flex-col items-center justify-center gap-3 p-4 text-[13px] text-muted-foreground">
      {type !== undefined && (
        <img
          src={`data:${type};base64,${content.base64}`}
          alt={path}
          className="max-h-[60%] max-w-full rounded-md border bg-muted object-contain"
        />
      )}
      <p>{formatSize(contentSizeBytes(content))}, not text</p>
    </div>
  );
}
