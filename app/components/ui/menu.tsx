import { Menu as Primitive } from "@base-ui/react/menu";
import { CheckIcon } from "lucide-react";
import type { ComponentProps } from "react";
import { cn } from "./cn.ts";

export const Menu = Primitive.Root;
export const MenuTrigger = Primitive.Trigger;
export const MenuGroup = Primitive.Group;

export const menuPopupClasses = "min-w-44 rounded-lg border bg-popover p-1 text-sm text-popover-foreground shadow-popup outline-none";
export const menuItemClasses =
  "flex h-8 cursor-default items-center gap-2 rounded-md px-2 outline-none select-none data-disabled:opacity-50 data-highlighted:bg-accent data-highlighted:text-accent-foreground [&_svg:not([class*='size-'])]:size-4 [&_svg]:shrink-0 [&_svg]:text-muted-foreground";

type Placement = Pick<Primitive.Positioner.Props, "side" | "align" | "sideOffset">;
type ContentProps = Omit<Primitive.Popup.Props, "className"> & Placement & { className?: string };

/** The list that opens under its trigger. */
export function MenuContent({ className, side = "bottom", align = "start", sideOffset = 6, ...props }: ContentProps) {
  return (
    <Primitive.Portal>
      <Primitive.Positioner side={side} align={align} sideOffset={sideOffset} className="z-50 outline-none">
        <Primitive.Popup
          data-slot="menu"
          className={cn(
            menuPopupClasses,
            "max-h-(--available-height) origin-(--transform-origin) overflow-y-auto transition-[opacity,scale] duration-120 data-ending-style:scale-97 data-ending-style:opacity-0 data-starting-style:scale-97 data-starting-style:opacity-0",
            className,
          )}
          {...props}
        />
      </Primitive.Positioner>
    </Primitive.Portal>
  );
}

type ItemProps = Omit<Primitive.Item.Props, "className"> & { className?: string; variant?: "default" | "destructive" };

export function MenuItem({ className, variant = "default", ...props }: ItemProps) {
  return (
    <Primitive.Item
      data-slot="menu-item"
      className={cn(
        menuItemClasses,
        variant === "destructive" && "text-destructive data-highlighted:text-destructive [&_svg]:text-destructive",
        className,
      )}
      {...props}
    />
  );
}
/** An item that is on or off, with a tick when it is on. */
export function MenuCheckboxItem({
  className,
  children,
  ...props
}: Omit<Primitive.CheckboxItem.Props, "className"> & { className?: string }) {
  return (
    <Primitive.CheckboxItem data-slot="menu-checkbox-item" className={cn(menuItemClasses, className)} {...props}>
      <span className="flex size-4 items-center justify-center">
        <Primitive.CheckboxItemIndicator>
          <CheckIcon aria-hidden />
        </Primitive.CheckboxItemIndicator>
      </span>
      {children}
    </Primitive.CheckboxItem>
  );
}
/** An item that leads somewhere: give it `render={<Link to=… />}` or `href`. */
export function MenuLinkItem({ className, ...props }: Omit<Primitive.LinkItem.Props, "className"> & { className?: string }) {
  return <Primitive.LinkItem data-slot="menu-link-item" className={cn(menuItemClasses, className)} {...props} />;
}
export function MenuLabel({ className, ...props }: Omit<Primitive.GroupLabel.Props, "className"> & { className?: string }) {
  return <Primitive.GroupLabel className={cn("px-2 py-1.5 text-xs font-medium text-muted-foreground", className)} {...props} />;
}
export function MenuSeparator({ className, ...props }: Omit<Primitive.Separator.Props, "className"> & { className?: string }) {
  return <Primitive.Separator className={cn("-mx-1 my-1 h-px bg-border", className)} {...props} />;
}
/** Keys that do the same as the item beside them. */
export function MenuShortcut({ className, ...props }: ComponentProps<"span">) {
  return <span className={cn("ml-auto pl-4 text-xs text-muted-foreground", className)} {...props} />;
}
