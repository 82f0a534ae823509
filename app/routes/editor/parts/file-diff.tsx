/** How one file differs, whatever it is: text as a diff, bytes by their size. */
import { Suspense, lazy } from "react";
import type { FileContent } from "#core/contract/files.ts";
import { contentSizeBytes } from "#core/bundle.ts";
import { formatSize } from "../answer-body.ts";
import { CodeSkeleton } from "../code/code-pane.tsx";

const DiffView = lazy(() => import("../code/diff-view.client.tsx").then((module) => ({ default: module.DiffView })));

export function FileDiff({ path, before, after }: { path: string; before: FileContent | null; after: FileContent | null }) {
  if ((before === null || typeof before === "string") && (after === null || typeof after === "string")) {
    return (
      <Suspense fallback={<CodeSkeleton />}>
        <DiffView path={path} before={before ?? ""} after={after ?? ""} />
      </Suspense>
    );
  }
  return (
    <p className="p-4 text-[13px] text-muted-foreground">
      {sizeOf(before)} → {sizeOf(after)}, not text
    </p>
  );
}

const sizeOf = (content: FileContent | null) => (content === null ? "not there" : formatSize(contentSizeBytes(content)));
