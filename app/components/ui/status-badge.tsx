import { cn } from "./cn.ts";
import { Badge } from "./badge.tsx";

/** The five states that have a colour. */
export type StatusColor = "running" | "sleeping" | "deploying" | "error" | "stopped";

const words: Record<StatusColor, string> = {
  running: "Running",
  sleeping: "Sleeping",
  deploying: "Deploying",
  error: "Error",
  stopped: "Stopped",
};
const dots: Record<StatusColor, string> = {
  running: "bg-running",
  sleeping: "bg-sleeping",
  deploying: "bg-deploying motion-safe:animate-pulse",
  error: "bg-error",
  stopped: "bg-stopped",
};

/** Its coloured dot alone, for beside a name that says the word elsewhere. */
export function StatusDot({ status, className }: { status: StatusColor; className?: string }) {
  return <span aria-hidden data-slot="status-dot" className={cn("size-1.5 shrink-0 rounded-full", dots[status], className)} />;
}

/** One word, one colour. */
export function StatusBadge({ status, title, className }: { status: StatusColor; title?: string | undefined; className?: string }) {
  return (
    <Badge variant={status} title={title} className={cn("gap-1.5", className)}>
      <StatusDot status={status} />
      {words[status]}
    </Badge>
  );
}
