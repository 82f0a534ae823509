import { formatBytes } from "#core/limits.ts";
import type { FileContent, Files } from "#core/contract/files.ts";
import { cn } from "./ui/cn.ts";

/** Files to read, each to be folded out; the entrypoint first, and open. Works without JavaScript. */
export function FileListing({ files, entrypoint, className }: { files: Files; entrypoint: string; className?: string }) {
  const paths = Object.keys(files).toSorted((a, b) => Number(b === entrypoint) - Number(a === entrypoint) || (a < b ? -1 : 1));
  return (
    <div className={cn("divide-y overflow-hidden rounded-lg border bg-card", className)}>
      {paths.map((path) => (
        <details key={path} open={path === entrypoint} className="group">
          <summary className="flex cursor-pointer items-baseline justify-between gap-3 px-3 py-2 outline-none hover:bg-accent/40 focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset">
            <span className="text-code min-w-0 break-all">
              <span aria-hidden className="mr-1.5 inline-block text-muted-foreground transition-transform group-open:rotate-90">
                ›
              </span>
              <span>{path}</span>
            </span>
            <span className="shrink-0 text-xs text-muted-foreground">{formatBytes(sizeOf(files[path]!))}</span>
          </summary>
          <Content path={path} content={files[path]!} />
        </details>
      ))}
    </div>
  );
}

function Content({ path, content }: { path: string; content: FileContent }) {
  if (typeof content !== "string")
    return <p className="px-3 pb-3 text-[13px] text-muted-foreground">A picture or a font; it has no text to show.</p>;
  if (content.trim() === "") return <p className="px-3 pb-3 text-[13px] text-muted-foreground">This file is empty.</p>;
  return (
    // It scrolls, so that the keyboard must be able to get into it.
    <pre
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      role="region"
      aria-label={path}
      className="text-code max-h-[50vh] overflow-auto border-t bg-muted/40 px-3 py-2.5 leading-5 outline-none focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset"
    >
      <code>{content}</code>
    </pre>
  );
}

/** In bytes; of base64 without counting its padding to the byte. */
const sizeOf = (content: FileContent): number =>
  typeof content === "string" ? new TextEncoder().encode(content).length : Math.floor((content.base64.replace(/=+$/, "").length * 3) / 4);
