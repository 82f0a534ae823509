/** How the Python language server stands, and its switch. */
import { BracesIcon, LoaderCircleIcon, RotateCwIcon } from "lucide-react";
import { useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { Button } from "#app/components/ui/button.tsx";
import { Menu, MenuCheckboxItem, MenuContent, MenuGroup, MenuItem, MenuLabel, MenuTrigger } from "#app/components/ui/menu.tsx";
import { isLanguageServerOn, subscribeLanguageServer, turnLanguageServer } from "#app/stores/language-preference.ts";
import type { LanguageState, LanguageStore } from "#app/stores/language-store.ts";

const words: Record<LanguageState["phase"], string> = {
  waiting: "not started yet",
  off: "off",
  starting: "starting",
  ready: "ready",
  failed: "failed",
};

const explanations: Record<LanguageState["phase"], string> = {
  waiting: "It starts when the page has settled.",
  off: "Problems and formatting work without it. On, it takes about 0.7 GB of this browser's memory.",
  starting: "It is being loaded; you can go on typing.",
  ready: "Completion, hover, signatures and definitions. It takes about 0.7 GB of this browser's memory.",
  failed: "Problems and formatting work without it.",
};

const dots: Partial<Record<LanguageState["phase"], string>> = { ready: "bg-running", failed: "bg-destructive" };

export function LanguageStatus({ store }: { store: LanguageStore }) {
  const phase = useStore(store, (state) => state.phase);
  const reason = useStore(store, (state) => state.reason);
  const on = useSyncExternalStore(subscribeLanguageServer, isLanguageServerOn, () => false);
  const partly = phase === "ready" && reason !== null;
  const word = partly ? "ready, without packages" : words[phase];
  return (
    <Menu>
      <MenuTrigger
        render={
          <Button
            variant="ghost"
            size="sm"
            className="gap-1.5 px-2 text-xs text-muted-foreground"
            aria-label={`Python language server: ${word}`}
            title={`Python language server: ${word}`}
          >
            {phase === "starting" ? (
              <LoaderCircleIcon aria-hidden className="motion-safe:animate-spin" />
            ) : (
              <BracesIcon aria-hidden className={phase === "off" ? "opacity-50" : ""} />
            )}
            <span className="max-sm:hidden">Python{phase === "ready" || phase === "waiting" ? "" : `: ${words[phase]}`}</span>
            {dots[phase] !== undefined && <span aria-hidden className={`size-1.5 rounded-full ${partly ? "bg-deploying" : dots[phase]}`} />}
          </Button>
        }
      />
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
