import type { ReactNode } from "react";
import { cn } from "./cn.ts";

export interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** What makes this place less empty. */
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}

/** A list without rows: why, and the next step. */
export function EmptyState({ icon, title, children, action, className }: EmptyStateProps) {
  return (
    <div data-slot="empty-state" className={cn("flex flex-col items-center justify-center gap-1 px-6 py-10 text-center", className)}>
      {icon !== undefined && (
        <div
          aria-hidden
          className="mb-2 flex size-9 items-center justify-center rounded-lg bg-muted text-muted-foreground [&_svg]:size-4.5"
        >
          {icon}
        </div>
      )}
      <p className="text-sm font-medium">{title}</p>
      {children !== undefined && <div className="max-w-[52ch] text-sm text-muted-foreground">{children}</div>}
      {action !== undefined && <div className="mt-3">{action}</div>}
    </div>
  );
}
