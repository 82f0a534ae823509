/** All findings, worst first; each leads to its place. */
import { CircleAlertIcon, CircleCheckIcon, InfoIcon, TriangleAlertIcon } from "lucide-react";
import type { SourceProblem } from "#core/contract/problem.ts";
import { useDeployStore } from "#app/stores/deploy-store.ts";
import { forbiddenImportOf } from "#core/python/nearest.ts";
import { Button } from "#app/components/ui/button.tsx";
import { useEditorStoreApi } from "#app/stores/editor-store.ts";
import { PanelNote } from "./panel-note.tsx";

const looks = {
  error: { Icon: CircleAlertIcon, tone: "text-destructive", word: "Error" },
  warning: { Icon: TriangleAlertIcon, tone: "text-deploying", word: "Warning" },
  info: { Icon: InfoIcon, tone: "text-muted-foreground", word: "Hint" },
} as const;

export function ProblemsPanel({
  problems,
  onPackages,
  checked,
  failure,
}: {
  problems: readonly SourceProblem[];
  onPackages(name: string): void;
  checked: boolean;
  failure: string | null;
}) {
  const store = useEditorStoreApi();
  const traceback = useDeployStore(({ current }) => current?.traceback ?? null);
  if (problems.length === 0) {
    if (failure !== null)
      return (
        <PanelNote icon={<InfoIcon aria-hidden />} title="Checks are off" text={`${failure} Deploying checks your code all the same.`} />
      );
    return checked ? (
      <PanelNote icon={<CircleCheckIcon aria-hidden className="text-running" />} title="No problems found" />
    ) : (
      <PanelNote title="Checking your code…" />
    );
  }
  return (
    <ul className="py-1">
      {problems.map((problem) => {
        const { Icon, tone, word } = looks[problem.severity];
        const missing = forbiddenImportOf(problem);
        return (
          <li key={`${problem.file}:${problem.line}:${problem.column}:${problem.code}:${problem.message}`} className="flex items-start">
            <button
              type="button"
              onClick={() => store.getState().goTo(problem)}
              className="flex min-w-0 flex-1 items-start gap-2 px-3 py-1.5 text-left text-[13px] outline-none hover:bg-accent focus-visible:bg-accent focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset"
            >
              <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${tone}`} />
              <span className="sr-only">{word}: </span>
              <span className="min-w-0 flex-1 break-words">{problem.message}</span>
              <span className="max-w-[45%] shrink-0 truncate font-mono text-xs leading-5 text-muted-foreground tabular-nums">
                {problem.file}:{problem.line}
              </span>
            </button>
            {/* Found by loading the app, which tells more than the line. */}
            {traceback !== null && problem.code.startsWith("load_") && (
              <button
                type="button"
                onClick={() => store.getState().showBottom("deploy")}
                className="mr-3 shrink-0 self-center rounded text-xs text-muted-foreground underline underline-offset-2 outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring"
              >
                Show the traceback
              </button>
            )}
            {missing !== null && (
              <Button
                variant="ghost"
                size="sm"
                className="mr-2 shrink-0"
                aria-label={`Packages: ${missing}`}
                onClick={() => onPackages(missing)}
              >
                Packages
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
