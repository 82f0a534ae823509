import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

/** A place where something is about to be; give it the size of what comes. */
export function Skeleton({ className, ...props }: ComponentProps<"div">) {
  return <div aria-hidden data-slot="skeleton" className={cn("rounded-md bg-muted motion-safe:animate-pulse", className)} {...props} />;
}
