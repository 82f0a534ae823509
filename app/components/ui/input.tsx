import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

export const inputClasses =
  "w-full min-w-0 rounded-md border border-input bg-card text-sm text-foreground transition-colors duration-150 outline-none placeholder:text-muted-foreground focus-visible:border-ring focus-visible:ring-2 focus-visible:ring-ring/40 disabled:cursor-not-allowed disabled:opacity-60 aria-invalid:border-destructive aria-invalid:ring-destructive/30";

/** One line of text. */
export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input data-slot="input" className={cn(inputClasses, "h-9 px-3", className)} {...props} />;
}
