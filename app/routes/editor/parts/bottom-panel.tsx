/** Problems, the deployment, the logs: what the code and the app have to say. */
import { ChevronDownIcon, ChevronUpIcon, LoaderCircleIcon } from "lucide-react";
import { lazy, Suspense } from "react";
import type { SourceProblem } from "#core/contract/problem.ts";
import { Button } from "#app/components/ui/button.tsx";
import { useDeployStore } from "#app/stores/deploy-store.ts";
import { useEditorStore, useEditorStoreApi } from "#app/stores/editor-store.ts";
import type { LanguageStore } from "#app/stores/language-store.ts";
import { DeployPanel } from "./deploy-panel.tsx";
import { LanguageStatus } from "./language-status.tsx";
import { PanelNote } from "./panel-note.tsx";
import { ProblemsPanel } from "./problems-panel.tsx";
import { TabPanel, TabStrip } from "./tab-strip.tsx";

const LogPanel = lazy(() => import("./log-panel.tsx").then((module) => ({ default: module.LogPanel })));

export interface BottomPanelProps {
  slug: string;
  /** Whose lines are shown: the app's slug, or its draft's host; null while no draft was ever run. */
  logsOf: string | null;
  appUrl: string;
  /** A version is live. */
  live: boolean;
  problems: readonly SourceProblem[];
  /** Shows what can be imported, beginning with what could not be found. */
  onPackages(name: string): void;
  checked: boolean;
  checkFailure: string | null;
  language: LanguageStore;
  /** Whether it can be folded away (not where it has the screen to itself). */
  foldable: boolean;
}

export function BottomPanel(props: BottomPanelProps) {
  const { slug, logsOf, appUrl, live, problems, onPackages, checked, checkFailure, language, foldable } = props;
  const store = useEditorStoreApi();
  const bottom = useEditorStore((state) => state.bottom);
  const open = useEditorStore((state) => state.bottomOpen) || !foldable;
  const deploying = useDeployStore(({ current }) => current?.state === "running");
  const failed = useDeployStore(({ current }) => current?.state === "failed");
  const counted = problems.filter(({ severity }) => severity !== "info");
  const worst = counted.some(({ severity }) => severity === "error");
  return (
    <section aria-label="Output" className="flex h-full min-h-0 flex-col">
      <TabStrip
        label="Output"
        name="output"
        active={open ? bottom : null}
        onPick={(id) => store.getState().showBottom(id)}
        tabs={[
          {
            id: "problems",
            label: "Problems",
            badge: counted.length > 0 && (
              <span
                className={`rounded-full px-1.5 text-xs leading-4 tabular-nums ${worst ? "bg-destructive/12 text-destructive" : "bg-deploying/12 text-deploying"}`}
              >
                {counted.length}
              </span>
            ),
          },
          {
            id: "deploy",
            label: "Deploy",
            badge: deploying ? (
              <LoaderCircleIcon aria-hidden className="size-3.5 text-deploying motion-safe:animate-spin" />
            ) : failed ? (
              <span aria-hidden className="size-1.5 rounded-full bg-destructive" />
            ) : null,
          },
          { id: "logs", label: "Logs" },
        ]}
      >
        <LanguageStatus store={language} />
        {foldable && (
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label={open ? "Fold the output away" : "Show the output"}
            title={open ? "Fold away" : "Show"}
            aria-expanded={open}
            onClick={() => store.getState().showBottom(bottom, !open)}
          >
            {open ? <ChevronDownIcon aria-hidden /> : <ChevronUpIcon aria-hidden />}
          </Button>
        )}
      </TabStrip>
      {open && (
        <TabPanel name="output" active={bottom} className="overflow-auto">
          {bottom === "problems" && <ProblemsPanel problems={problems} onPackages={onPackages} checked={checked} failure={checkFailure} />}
          {bottom === "deploy" && <DeployPanel slug={slug} appUrl={appUrl} live={live} />}
          {bottom === "logs" &&
            (logsOf === null ? (
              <PanelNote title="The draft has not run yet" text="What it prints appears here once it does." />
            ) : (
              <Suspense fallback={null}>
                <LogPanel slug={logsOf} />
              </Suspense>
            ))}
        </TabPanel>
      )}
    </section>
  );
}
