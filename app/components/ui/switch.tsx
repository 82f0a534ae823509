import { Switch as Primitive } from "@base-ui/react/switch";
import { cn } from "./cn.ts";

/** On or off, at once. It needs a name: `aria-label`, or a label around it. */
export function Switch({ className, ...props }: Omit<Primitive.Root.Props, "className"> & { className?: string }) {
  return (
    <Primitive.Root
      data-slot="switch"
      className={cn(
        "inline-flex h-5 w-9 shrink-0 items-center rounded-full border border-transparent bg-input p-0.5 transition-colors duration-150 outline-none focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-offset-2 focus-visible:ring-offset-background data-checked:bg-primary data-disabled:opacity-55",
        className,
      )}
      {...props}
    >
      <Primitive.Thumb className="block size-4 rounded-full bg-background shadow-sm transition-transform duration-150 data-checked:translate-x-4" />
    </Primitive.Root>
  );
}
