import type { ComponentProps } from "react";
import { cn } from "./cn.ts";
import { inputClasses } from "./input.tsx";

/** The browser's own select, in our clothes: for forms that work without JavaScript, and pages that must be light. */
export function NativeSelect({ className, ...props }: ComponentProps<"select">) {
  return <select data-slot="native-select" className={cn(inputClasses, "h-9 px-2.5", className)} {...props} />;
}
