import { Dialog as Primitive } from "@base-ui/react/dialog";
import { XIcon } from "lucide-react";
import type { ComponentProps } from "react";
import { buttonVariants } from "./button-variants.ts";
import { cn } from "./cn.ts";
import { backdropClasses } from "./dialog.tsx";

export const Sheet = Primitive.Root;
export const SheetTrigger = Primitive.Trigger;
export const SheetClose = Primitive.Close;

const sides = {
  right: "inset-y-0 right-0 h-dvh w-full max-w-md border-l data-ending-style:translate-x-8 data-starting-style:translate-x-8",
  left: "inset-y-0 left-0 h-dvh w-full max-w-md border-r data-ending-style:-translate-x-8 data-starting-style:-translate-x-8",
  bottom: "inset-x-0 bottom-0 max-h-[85dvh] w-full rounded-t-xl border-t data-ending-style:translate-y-8 data-starting-style:translate-y-8",
} as const;

type PopupProps = Omit<Primitive.Popup.Props, "className"> & { className?: string; side?: keyof typeof sides };

/** A drawer that comes in from one side: settings, details of a row. */
export function SheetContent({ className, children, side = "right", ...props }: PopupProps) {
  return (
    <Primitive.Portal>
      <Primitive.Backdrop className={backdropClasses} />
      <Primitive.Popup
        data-slot="sheet"
        className={cn(
          "fixed z-50 flex flex-col overflow-y-auto bg-popover text-popover-foreground shadow-popup transition-[opacity,translate] duration-200 outline-none data-ending-style:opacity-0 data-starting-style:opacity-0",
          sides[side],
          className,
        )}
        {...props}
      >
        {children}
        <Primitive.Close
          aria-label="Close"
          className={cn(buttonVariants({ variant: "ghost", size: "icon-sm" }), "absolute top-4 right-4 text-muted-foreground")}
        >
          <XIcon aria-hidden />
        </Primitive.Close>
      </Primitive.Popup>
    </Primitive.Portal>
  );
}

export function SheetHeader({ className, ...props }: ComponentProps<"div">) {
  return <div data-slot="sheet-header" className={cn("flex flex-col gap-1 border-b px-6 py-4 pr-14", className)} {...props} />;
}
export function SheetBody({ className, ...props }: ComponentProps<"div">) {
  return <div data-slot="sheet-body" className={cn("flex flex-1 flex-col gap-6 px-6 py-5", className)} {...props} />;
}
export function SheetFooter({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      data-slot="sheet-footer"
      className={cn("sticky bottom-0 flex justify-end gap-2 border-t bg-popover px-6 py-3", className)}
      {...props}
    />
  );
}
export function SheetTitle({ className, ...props }: Omit<Primitive.Title.Props, "className"> & { className?: string }) {
  return <Primitive.Title data-slot="sheet-title" className={cn("text-heading", className)} {...props} />;
}
export function SheetDescription({ className, ...props }: Omit<Primitive.Description.Props, "className"> & { className?: string }) {
  return <Primitive.Description data-slot="sheet-description" className={cn("text-sm text-muted-foreground", className)} {...props} />;
}
