import { Tooltip as Primitive } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";

/** Makes the tooltips inside open at once after the first. */
export const TooltipProvider = Primitive.Provider;

export interface TooltipProps {
  content: ReactNode;
  side?: "top" | "bottom" | "left" | "right";
  /** The element that is explained; it needs a name of its own, a tooltip is none. */
  children: ReactElement<Record<string, unknown>>;
}

/** A few words beside an element while it is hovered or focused. */
export function Tooltip({ content, side = "bottom", children }: TooltipProps) {
  return (
    <Primitive.Root>
      <Primitive.Trigger render={children} />
      <Primitive.Portal>
        <Primitive.Positioner side={side} sideOffset={6} className="z-50">
          <Primitive.Popup
            data-slot="tooltip"
            className="max-w-72 rounded-md bg-foreground px-2 py-1 text-xs text-background shadow-popup transition-opacity duration-120 data-ending-style:opacity-0 data-instant:transition-none data-starting-style:opacity-0"
          >
            {content}
          </Primitive.Popup>
        </Primitive.Positioner>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
