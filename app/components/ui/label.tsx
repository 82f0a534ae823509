import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

/** The name of a control; give it `htmlFor`. */
export function Label({ className, ...props }: ComponentProps<"label">) {
  // oxlint-disable-next-line jsx-a11y/label-has-associated-control -- whoever uses it names the control
  return <label data-slot="label" className={cn("text-sm leading-5 font-medium select-none", className)} {...props} />;
}
