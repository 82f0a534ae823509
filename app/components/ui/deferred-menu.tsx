/**
 * A menu that is loaded once the page has settled. What opens menus weighs as much as the rest of a screen, and nobody opens one in the
 * first moments; until it is there its button stands for it, and a press on that is kept.
 */
import { cloneElement, useEffect, useLayoutEffect, useRef, useState, type ComponentType, type ReactElement } from "react";
import { toast } from "./toast.tsx";

/** What a menu that is loaded late takes beside its own: give `trigger` to `MenuTrigger`, `defaultOpen` to `Menu`. */
export interface DeferredMenuProps {
  trigger: ReactElement;
  defaultOpen: boolean;
}

interface Props<Own> {
  load: () => Promise<ComponentType<Own & DeferredMenuProps>>;
  /** The button, with its name; a native one. */
  trigger: ReactElement<{ onClick?: () => void; disabled?: boolean; "aria-haspopup"?: "menu" }>;
  /** What the menu needs to know. */
  own: Own;
}

export function DeferredMenu<Own extends object>({ load, trigger, own }: Props<Own>) {
  const [Loaded, setLoaded] = useState<ComponentType<Own & DeferredMenuProps> | null>(null);
  const [pressed, setPressed] = useState(false);
  const place = useRef<HTMLSpanElement>(null);
  const hadFocus = useRef(false);
  useEffect(() => {
    // One that does not come is asked for again by whoever presses its button.
    load().then(
      (menu) => setLoaded(() => menu),
      () => {},
    );
  }, [load]);
  useLayoutEffect(() => {
    if (Loaded !== null && hadFocus.current && !pressed) place.current?.querySelector("button")?.focus();
  }, [Loaded, pressed]);
  const press = () => {
    setPressed(true);
    load().then(
      (menu) => setLoaded(() => menu),
      () =>
        toast({
          title: "This menu could not be loaded",
          description: "Check your connection, then load the page again: your edits are kept.",
          type: "error",
        }),
    );
  };
  return (
    <span
      ref={place}
      className="contents"
      onFocus={() => {
        hadFocus.current = true;
      }}
      onBlur={() => {
        hadFocus.current = false;
      }}
    >
      {Loaded === null ? (
        cloneElement(trigger, { onClick: press, "aria-haspopup": "menu" })
      ) : (
        <Loaded {...own} trigger={trigger} defaultOpen={pressed} />
      )}
    </span>
  );
}
