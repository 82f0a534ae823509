/** How full the app is, once that matters. */
import { useMemo } from "react";
import type { Files } from "#core/contract/files.ts";
import { bundleSizeBytes } from "#core/bundle.ts";
import { bundleLimits, formatBytes } from "#core/limits.ts";

/** Of either limit. */
const shownFrom = 0.7;

export function SizeMeter({ files }: { files: Files }) {
  const bytes = useMemo(() => bundleSizeBytes(files), [files]);
  const count = Object.keys(files).length;
  const [byBytes, byCount] = [bytes / bundleLimits.totalBytes, count / bundleLimits.files];
  const full = Math.max(byBytes, byCount);
  if (full < shownFrom) return null;
  const words =
    byBytes >= byCount ? `${formatBytes(bytes)} of ${formatBytes(bundleLimits.totalBytes)}` : `${count} of ${bundleLimits.files} files`;
  const [tone, bar] =
    full > 1 ? ["text-destructive", "bg-destructive"] : ["text-muted-foreground", full > 0.9 ? "bg-deploying" : "bg-primary"];
  return (
    <div className="shrink-0 border-t px-3 py-2">
      <p id="size-of-app" className={`mb-1 text-xs tabular-nums ${tone}`}>
        {words}
        {full > 1 && ": too much to save"}
      </p>
      <div
        role="meter"
        aria-labelledby="size-of-app"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, Math.round(full * 100))}
        className="h-1 overflow-hidden rounded-full bg-muted"
      >
        <div className={`h-full ${bar}`} style={{ width: `${Math.min(100, full * 100)}%` }} />
      </div>
    </div>
  );
}
