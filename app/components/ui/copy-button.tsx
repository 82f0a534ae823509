import { CheckIcon, CopyIcon } from "lucide-react";
import { useEffect, useState, type ComponentProps } from "react";
import type { ButtonProps } from "./button.tsx";
import { buttonVariants } from "./button-variants.ts";
import { cn } from "./cn.ts";
import { copyText } from "./copy-text.ts";

export interface CopyButtonProps extends Omit<ComponentProps<"button">, "value" | "onClick">, Pick<ButtonProps, "variant" | "size"> {
  /** What lands in the clipboard. */
  value: string;
  /** What is copied, in words: "Copy URL". */
  label: string;
  /** Show the label, not only the icon. */
  showLabel?: boolean;
}

/** Long enough to be seen, short enough to be pressed again. */
const confirmedMs = 1_600;

/** Copies a text and says so where it was pressed. */
export function CopyButton({ value, label, showLabel = false, variant = "ghost", size, className, ...props }: CopyButtonProps) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), confirmedMs);
    return () => clearTimeout(timer);
  }, [state]);
  const said = state === "copied" ? "Copied" : state === "failed" ? "Your browser refused: select the text and copy it" : label;
  const copy = () => {
    copyText(value).then(
      () => setState("copied"),
      () => setState("failed"),
    );
  };
  return (
    <button
      type="button"
      data-slot="copy-button"
      className={cn(buttonVariants({ variant, size: size ?? (showLabel ? "sm" : "icon-sm") }), className)}
      onClick={copy}
      aria-label={showLabel ? undefined : said}
      title={said}
      {...props}
    >
      {state === "copied" ? <CheckIcon aria-hidden className="text-running" /> : <CopyIcon aria-hidden />}
      {showLabel && said}
      <span aria-live="polite" className="sr-only">
        {state === "idle" || showLabel ? "" : said}
      </span>
    </button>
  );
}
