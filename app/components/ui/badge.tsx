import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

export const badgeVariants = cva(
  "inline-flex h-5 w-fit shrink-0 items-center gap-1 rounded-full border px-2 text-xs font-medium whitespace-nowrap [&_svg]:size-3",
  {
    variants: {
      variant: {
        default: "border-transparent bg-secondary text-secondary-foreground",
        outline: "text-muted-foreground",
        primary: "border-transparent bg-primary/12 text-primary",
        running: "border-transparent bg-running/12 text-running",
        sleeping: "border-transparent bg-sleeping/12 text-sleeping",
        deploying: "border-transparent bg-deploying/14 text-deploying",
        error: "border-transparent bg-error/10 text-error",
        stopped: "border-transparent bg-stopped/12 text-stopped",
      },
    },
    defaultVariants: { variant: "default" },
  },
);

/** A word about a thing. */
export function Badge({ className, variant, ...props }: ComponentProps<"span"> & VariantProps<typeof badgeVariants>) {
  return <span data-slot="badge" className={cn(badgeVariants({ variant }), className)} {...props} />;
}
