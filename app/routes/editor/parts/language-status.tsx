/** How the Python language server stands. */
import { BracesIcon, LoaderCircleIcon } from "lucide-react";
import { useStore } from "zustand";
import { Button } from "#app/components/ui/button.tsx";
import { DeferredMenu } from "#app/components/ui/deferred-menu.tsx";
import type { LanguageState, LanguageStore } from "#app/stores/language-store.ts";

const words: Record<LanguageState["phase"], string> = {
  waiting: "not started yet",
  off: "off",
  starting: "starting",
  ready: "ready",
  failed: "failed",
};

const dots: Partial<Record<LanguageState["phase"], string>> = { ready: "bg-running", failed: "bg-destructive" };

const loadMenu = () => import("./language-menu.tsx").then((module) => module.LanguageMenu);

export function LanguageStatus({ store }: { store: LanguageStore }) {
  const phase = useStore(store, (state) => state.phase);
  const partly = useStore(store, (state) => state.phase === "ready" && state.reason !== null);
  const word = partly ? "ready, without packages" : words[phase];
  return (
    <DeferredMenu
      load={loadMenu}
      own={{ store }}
      trigger={
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
  );
}
