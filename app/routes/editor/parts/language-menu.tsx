import { RotateCwIcon } from "lucide-react";
import { useSyncExternalStore } from "react";
import { useStore } from "zustand";
import type { DeferredMenuProps } from "#app/components/ui/deferred-menu.tsx";
import { Menu, MenuCheckboxItem, MenuContent, MenuGroup, MenuItem, MenuLabel, MenuTrigger } from "#app/components/ui/menu.tsx";
import { isLanguageServerOn, subscribeLanguageServer, turnLanguageServer } from "#app/stores/language-preference.ts";
import type { LanguageState, LanguageStore } from "#app/stores/language-store.ts";

const explanations: Record<LanguageState["phase"], string> = {
  waiting: "It starts when the page has settled.",
  off: "Problems and formatting work without it. On, it takes about 0.7 GB of this browser's memory.",
  starting: "It is being loaded; you can go on typing.",
  ready: "Completion, hover, signatures and definitions. It takes about 0.7 GB of this browser's memory.",
  failed: "Problems and formatting work without it.",
};

/** What the Python language server does, why it does not, and its switch. */
export function LanguageMenu({ store, trigger, defaultOpen }: DeferredMenuProps & { store: LanguageStore }) {
  const phase = useStore(store, (state) => state.phase);
  const reason = useStore(store, (state) => state.reason);
  const on = useSyncExternalStore(subscribeLanguageServer, isLanguageServerOn, () => false);
  const partly = phase === "ready" && reason !== null;
  return (
    <Menu defaultOpen={defaultOpen}>
      <MenuTrigger render={trigger} />
      <MenuContent align="end" side="top" className="w-72">
        <MenuGroup>
          <MenuLabel>
            <span role="status" className="block text-pretty whitespace-normal">
              {phase === "failed" && `${reason ?? "It failed."} `}
              {explanations[phase]}
              {partly && ` It knows nothing of packages: ${reason}.`}
            </span>
          </MenuLabel>
          <MenuCheckboxItem checked={on} onCheckedChange={turnLanguageServer} closeOnClick>
            Python language server
          </MenuCheckboxItem>
          {(phase === "failed" || partly) && on && (
            <MenuItem onClick={() => store.getState().retry()}>
              <RotateCwIcon aria-hidden />
              Try again
            </MenuItem>
          )}
        </MenuGroup>
      </MenuContent>
    </Menu>
  );
}
