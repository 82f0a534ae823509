import { Button as Primitive } from "@base-ui/react/button";
import type { VariantProps } from "class-variance-authority";
import { buttonVariants } from "./button-variants.ts";
import { cn } from "./cn.ts";

export { buttonVariants };

export type ButtonProps = Omit<Primitive.Props, "className"> & { className?: string | undefined } & VariantProps<typeof buttonVariants>;

/** A button; `type` is `button` unless said otherwise, so that it submits nothing by accident. A link in its clothes: `nativeButton={false} render={<Link to=… />}`. */
export function Button({ className, variant, size, ...props }: ButtonProps) {
  return <Primitive data-slot="button" className={cn(buttonVariants({ variant, size }), className)} {...props} />;
}
