/** A deployment's real steps with their times, and what came of it. Announced as it goes. */
import { CheckIcon, CircleDashedIcon, LoaderCircleIcon, RocketIcon, XIcon } from "lucide-react";
import { lazy, Suspense } from "react";
import type { SourceProblem } from "#core/contract/problem.ts";
import { formatMs } from "#app/components/format-ms.ts";
import { useDeployStore, type DeployStep, type Watched } from "#app/stores/deploy-store.ts";
import { useEditorStoreApi } from "#app/stores/editor-store.ts";
import { PanelNote } from "./panel-note.tsx";

// Only a deployment that failed has one.
const TracebackView = lazy(() => import("#app/components/traceback-view.tsx").then((module) => ({ default: module.TracebackView })));

const titles: Record<DeployStep["stage"], string> = {
  validating: "Validating",
  checking: "Checking",
  creating: "Creating",
  starting: "Starting",
  ready: "Ready",
};

export function DeployPanel({ slug, appUrl, live }: { slug: string; appUrl: string; live: boolean }) {
  const current = useDeployStore((state) => state.current);
  if (current === null)
    return (
      <PanelNote
        icon={<RocketIcon aria-hidden className="text-muted-foreground" />}
        title="Nothing deployed yet"
        text="Press Deploy, or Ctrl+Enter (⌘ Enter on a Mac). The steps appear here."
      />
    );
  return (
    <div className="p-3 text-[13px]">
      <p role="status" aria-live="polite" className="mb-2 flex flex-wrap items-baseline gap-x-2 font-medium">
        {summaryOf(current, live)}
        {current.state === "succeeded" && (
          <a
            href={current.kind === "draft" ? `/apps/${slug}/draft` : appUrl}
            target="_blank"
            rel="noreferrer"
            className="font-normal underline underline-offset-2"
          >
            {current.kind === "draft" ? "Open the draft" : "Open the app"}
          </a>
        )}
      </p>
      <ol className="grid gap-0.5">
        {current.steps
          .filter((step) => current.state === "running" || step.state !== "waiting")
          .map((step) => (
            <Step key={step.stage} step={step} />
          ))}
      </ol>
      {current.state === "failed" && <Outcome watched={current} />}
    </div>
  );
}

function summaryOf({ state, kind, version, totalMs }: Watched, live: boolean): string {
  const time = totalMs === null ? "" : ` in ${formatMs(totalMs)}`;
  if (kind === "draft") {
    if (state === "running") return "Starting the draft…";
    if (state === "failed") return `The draft failed. ${live ? "Live was not touched." : "Your draft is kept."}`;
    return `The draft runs on its own host${time}`;
  }
  const what = kind === "rollback" ? "Roll back" : "Deploy";
  if (state === "running") return kind === "rollback" ? "Rolling back…" : "Deploying…";
  if (state === "failed") return `${what} failed. ${live ? "The version that was live serves on." : "Your draft is kept."}`;
  return version === null ? `Live${time}` : `Version ${version} is live${time}`;
}

function Step({ step }: { step: DeployStep }) {
  return (
    <li className="flex min-h-6 items-start gap-2" aria-current={step.state === "running" ? "step" : undefined}>
      <StepGlyph state={step.state} />
      <span className={`w-20 shrink-0 ${step.state === "waiting" ? "text-muted-foreground" : ""}`}>
        {titles[step.stage]}
        <span className="sr-only">, {step.state}</span>
      </span>
      <span className="min-w-0 flex-1 break-words text-muted-foreground">{step.message}</span>
      <span className="shrink-0 font-mono text-xs leading-5 text-muted-foreground tabular-nums">
        {step.tookMs === null ? "" : formatMs(step.tookMs)}
      </span>
    </li>
  );
}

function StepGlyph({ state }: { state: DeployStep["state"] }) {
  if (state === "running")
    return <LoaderCircleIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-deploying motion-safe:animate-spin" />;
  if (state === "succeeded") return <CheckIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-running" />;
  if (state === "failed") return <XIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-destructive" />;
  return <CircleDashedIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted-foreground/50" />;
}

function Outcome({ watched: { error, problems, traceback, steps } }: { watched: Watched }) {
  const store = useEditorStoreApi();
  const said = steps.some(({ message }) => message === error) || problems.some(({ message }) => message === error);
  return (
    <div className="mt-3 grid gap-2 border-t pt-3">
      {error !== null && !said && <p className="break-words text-destructive">{error}</p>}
      {problems.map((problem) => (
        <Where key={`${problem.file}:${problem.line}:${problem.message}`} problem={problem} />
      ))}
      {traceback !== null && traceback !== "" && (
        <Suspense fallback={null}>
          <TracebackView
            traceback={traceback}
            isOwn={(file) => store.getState().files[file] !== undefined}
            className="max-h-72 rounded-md bg-muted p-3 text-xs"
            toPlace={(place, text) => (
              <button
                type="button"
                onClick={() => store.getState().goTo(place)}
                className="cursor-pointer rounded underline underline-offset-2 outline-none focus-visible:ring-2 focus-visible:ring-ring"
              >
                {text}
              </button>
            )}
          />
        </Suspense>
      )}
    </div>
  );
}

function Where({ problem }: { problem: SourceProblem }) {
  const store = useEditorStoreApi();
  return (
    <p className="break-words">
      <button
        type="button"
        onClick={() => store.getState().goTo(problem)}
        className="rounded font-mono text-xs underline underline-offset-2 outline-none focus-visible:ring-2 focus-visible:ring-ring"
      >
        {problem.file}, line {problem.line}
      </button>{" "}
      <span className={problem.severity === "error" ? "text-destructive" : "text-muted-foreground"}>{problem.message}</span>
    </p>
  );
}
