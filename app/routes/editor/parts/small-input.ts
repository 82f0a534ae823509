/** Inputs of the dense panels: smaller than a form's, in the mono font of what they hold. */
export const smallInput =
  "h-7 w-full min-w-0 rounded-md border border-input bg-background px-2 font-mono text-[13px] outline-none placeholder:text-muted-foreground focus-visible:ring-2 focus-visible:ring-ring aria-invalid:border-destructive";
export const smallSelect =
  "h-7 rounded-md border border-input bg-background px-1.5 text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring";
/** Text that acts, beside a heading. */
export const quietButton =
  "rounded text-xs text-muted-foreground underline-offset-2 outline-none hover:text-foreground hover:underline focus-visible:ring-2 focus-visible:ring-ring aria-pressed:text-foreground";
