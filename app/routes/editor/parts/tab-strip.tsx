/** The tabs of a panel, in the WAI-ARIA manner: arrows move, the panel is named by its tab. */
import type { KeyboardEvent, ReactNode } from "react";

interface Tab<Id extends string> {
  id: Id;
  label: string;
  badge?: ReactNode;
}
interface TabStripProps<Id extends string> {
  label: string;
  /** Makes the ids of tabs and panels, which are `<name>-tab-<id>` and `<name>-panel`. */
  name: string;
  tabs: readonly Tab<Id>[];
  /** Null: none is open. */
  active: Id | null;
  onPick(id: Id): void;
  children?: ReactNode;
}

export function TabStrip<Id extends string>({ label, name, tabs, active, onPick, children }: TabStripProps<Id>) {
  const onKey = (event: KeyboardEvent, index: number) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = tabs[(index + step + tabs.length) % tabs.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    onPick(next.id);
    document.getElementById(`${name}-tab-${next.id}`)?.focus();
  };
  return (
    <div className="flex h-9 shrink-0 items-center border-b pr-1 pl-1.5">
      <div role="tablist" aria-label={label} className="flex h-full min-w-0">
        {tabs.map(({ id, label: text, badge }, index) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${name}-tab-${id}`}
            aria-selected={id === active}
            aria-controls={id === active ? `${name}-panel` : undefined}
            tabIndex={id === active || (active === null && index === 0) ? 0 : -1}
            onClick={() => onPick(id)}
            onKeyDown={(event) => onKey(event, index)}
            className="flex h-full items-center gap-1.5 border-b-2 border-transparent px-2.5 text-[13px] text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset aria-selected:border-primary aria-selected:text-foreground"
          >
            {text}
            {badge}
          </button>
        ))}
      </div>
      <div className="ml-auto flex items-center">{children}</div>
    </div>
  );
}

export function TabPanel({
  name,
  active,
  children,
  className = "",
}: {
  name: string;
  active: string;
  children: ReactNode;
  className?: string;
}) {
  return (
    <div role="tabpanel" id={`${name}-panel`} aria-labelledby={`${name}-tab-${active}`} className={`min-h-0 flex-1 ${className}`}>
      {children}
    </div>
  );
}
