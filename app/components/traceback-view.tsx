/** A traceback to read: the app's own frames lead to their places, the ways through libraries are dimmed and folded. */
import type { ReactNode } from "react";
import { cn } from "./ui/cn.ts";
import { splitTraceback } from "./traceback.ts";

export interface TracebackViewProps {
  traceback: string;
  /** Whether the app has this file; absent: whatever looks like one of its own. */
  isOwn?: (file: string) => boolean;
  /** What leads to the place, with `text` on it. */
  toPlace(place: { file: string; line: number }, text: string): ReactNode;
  className?: string;
}

/** Scrolls by itself, so it can be reached and read by keyboard. */
export function TracebackView({ traceback, isOwn, toPlace, className }: TracebackViewProps) {
  return (
    <div
      tabIndex={0}
      aria-label="Traceback"
      role="region"
      className={cn(
        "overflow-auto font-mono text-[13px] leading-5 whitespace-pre outline-none focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset",
        className,
      )}
    >
      {splitTraceback(traceback.trimEnd(), isOwn).map((part, index) => {
        if (part.kind === "own")
          return (
            // oxlint-disable-next-line react/no-array-index-key -- a traceback never changes
            <div key={index}>
              {part.text.slice(0, part.text.indexOf("File "))}
              {toPlace(part, `File "${part.file}", line ${part.line}`)}
              {part.rest}
            </div>
          );
        if (part.kind === "library")
          return (
            // oxlint-disable-next-line react/no-array-index-key -- a traceback never changes
            <details key={index} className="text-muted-foreground">
              <summary className="w-fit cursor-pointer rounded pl-2 outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring">
                {part.frames === 1 ? "1 frame" : `${part.frames} frames`} in {part.names.join(", ")}
              </summary>
              <div>{part.text}</div>
            </details>
          );
        // oxlint-disable-next-line react/no-array-index-key -- a traceback never changes
        return <div key={index}>{part.text}</div>;
      })}
    </div>
  );
}
