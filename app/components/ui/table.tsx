import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

/** A table that scrolls sideways by itself where the screen is narrow. */
export function Table({ className, ...props }: ComponentProps<"table">) {
  return (
    <div data-slot="table-frame" className="relative w-full overflow-x-auto">
      <table data-slot="table" className={cn("w-full border-collapse text-sm tabular-nums", className)} {...props} />
    </div>
  );
}
export function TableHeader({ className, ...props }: ComponentProps<"thead">) {
  return <thead className={cn("border-b", className)} {...props} />;
}
export function TableBody({ className, ...props }: ComponentProps<"tbody">) {
  return <tbody className={cn("[&>tr:last-child]:border-0", className)} {...props} />;
}
export function TableRow({ className, ...props }: ComponentProps<"tr">) {
  return <tr className={cn("h-9 border-b transition-colors hover:bg-muted/60", className)} {...props} />;
}
export function TableHead({ className, ...props }: ComponentProps<"th">) {
  return (
    <th
      className={cn("h-9 px-3 text-left text-xs font-medium whitespace-nowrap text-muted-foreground first:pl-4 last:pr-4", className)}
      scope="col"
      {...props}
    />
  );
}
export function TableCell({ className, ...props }: ComponentProps<"td">) {
  return <td className={cn("px-3 py-1.5 whitespace-nowrap first:pl-4 last:pr-4", className)} {...props} />;
}
