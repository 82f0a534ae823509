/** What a panel says when it has nothing to list. */
import type { ReactNode } from "react";

export function PanelNote({ icon, title, text, children }: { icon?: ReactNode; title: string; text?: string; children?: ReactNode }) {
  return (
    <div className="flex h-full min-h-24 flex-col items-center justify-center gap-1 p-4 text-center text-[13px] [&>svg]:mb-1 [&>svg]:size-5">
      {icon}
      <p className="font-medium">{title}</p>
      {text !== undefined && <p className="max-w-prose text-muted-foreground">{text}</p>}
      {children}
    </div>
  );
}
