import { cn } from "#app/components/ui/cn.ts";

/** The mark: a brace that holds a bolt, code that wakes at once. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden className={cn("size-6", className)}>
      <rect width="24" height="24" rx="6" className="fill-primary" />
      <path
        d="M8.4 5.2c-1.9 0-2.5.9-2.5 2.5v1.9c0 1.1-.5 1.8-1.5 2.4 1 .6 1.5 1.3 1.5 2.4v1.9c0 1.6.6 2.5 2.5 2.5M15.6 5.2c1.9 0 2.5.9 2.5 2.5v1.9c0 1.1.5 1.8 1.5 2.4-1 .6-1.5 1.3-1.5 2.4v1.9c0 1.6-.6 2.5-2.5 2.5"
        fill="none"
        strokeWidth="1.7"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-primary-foreground/75"
      />
      <path d="M13 6.8 9 12.7h2.5l-.7 4.5 4.2-6.1h-2.6z" className="fill-primary-foreground" />
    </svg>
  );
}
