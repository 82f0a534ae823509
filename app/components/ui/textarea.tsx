import type { ComponentProps } from "react";
import { cn } from "./cn.ts";
import { inputClasses } from "./input.tsx";

/** Several lines of text; grows with what is typed where the browser can. */
export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea data-slot="textarea" className={cn(inputClasses, "field-sizing-content min-h-20 px-3 py-2", className)} {...props} />;
}
