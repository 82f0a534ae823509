import { Dialog as Primitive } from "@base-ui/react/dialog";
import { XIcon } from "lucide-react";
import type { ComponentProps } from "react";
import { buttonVariants } from "./button-variants.ts";
import { cn } from "./cn.ts";

export const Dialog = Primitive.Root;
export const DialogTrigger = Primitive.Trigger;
export const DialogClose = Primitive.Close;

export const backdropClasses =
  "fixed inset-0 z-40 bg-black/40 transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0 dark:bg-black/60";

type PopupProps = Omit<Primitive.Popup.Props, "className"> & { className?: string; closeLabel?: string };

/** The window of a dialog, in the middle; on a phone as wide as the screen allows. */
export function DialogContent({ className, children, closeLabel = "Close", ...props }: PopupProps) {
  return (
    <Primitive.Portal>
      <Primitive.Backdrop className={backdropClasses} />
      <Primitive.Popup
        data-slot="dialog"
        className={cn(
          "fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 -translate-y-1/2 flex-col gap-4 overflow-y-auto rounded-xl border bg-popover p-6 text-popover-foreground shadow-popup transition-[opacity,scale] duration-150 outline-none data-ending-style:scale-97 data-ending-style:opacity-0 data-starting-style:scale-97 data-starting-style:opacity-0",
          className,
        )}
        {...props}
      >
        {children}
        <Primitive.Close
          aria-label={closeLabel}
          className={cn(buttonVariants({ variant: "ghost", size: "icon-sm" }), "absolute top-3.5 right-3.5 text-muted-foreground")}
        >
          <XIcon aria-hidden />
        </Primitive.Close>
      </Primitive.Popup>
    </Primitive.Portal>
  );
}

export function DialogHeader({ className, ...props }: ComponentProps<"div">) {
  return <div data-slot="dialog-header" className={cn("flex flex-col gap-1.5 pr-8", className)} {...props} />;
}
export function DialogFooter({ className, ...props }: ComponentProps<"div">) {
  return (
    <div data-slot="dialog-footer" className={cn("mt-1 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end", className)} {...props} />
  );
}
export function DialogTitle({ className, ...props }: Omit<Primitive.Title.Props, "className"> & { className?: string }) {
  return <Primitive.Title data-slot="dialog-title" className={cn("text-heading", className)} {...props} />;
}
export function DialogDescription({ className, ...props }: Omit<Primitive.Description.Props, "className"> & { className?: string }) {
  return <Primitive.Description data-slot="dialog-description" className={cn("text-sm text-muted-foreground", className)} {...props} />;
}
