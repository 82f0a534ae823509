/** What is being prepared, and how far it is. One plain object that the page, the log and `/healthz` read. */
import type { Progress } from "#server/storage/embedded/index.ts";

export type StepState = "waiting" | "running" | "done" | "failed";

export interface Step {
  id: string;
  title: string;
  state: StepState;
  /** What is happening, or what came of it. */
  detail: string;
  /** 0 to 1, or null where it cannot be known. */
  fraction: number | null;
  elapsedMs: number;
}

export interface Preparation {
  steps: readonly Step[];
  state: "preparing" | "ready" | "failed";
  error: string | null;
}

export interface Steps {
  snapshot(): Preparation;
  /** Runs one step; what it reports and how it ends is seen in `snapshot`. A failure passes on. */
  run<Result>(id: string, work: (progress: Progress) => Promise<Result>): Promise<Result>;
  finish(): void;
  fail(message: string): void;
}

/** @param onChange is told when a step starts, ends or reports; for the log. */
export function createSteps(titles: Readonly<Record<string, string>>, onChange: (step: Step) => void = () => undefined): Steps {
  const startedAt = new Map<string, number>();
  const steps: Step[] = Object.entries(titles).map(([id, title]) => ({
    id,
    title,
    state: "waiting",
    detail: "",
    fraction: null,
    elapsedMs: 0,
  }));
  let state: Preparation["state"] = "preparing";
  let error: string | null = null;

  const change = (id: string, changes: Partial<Step>): void => {
    const step = steps.find((candidate) => candidate.id === id)!;
    Object.assign(step, changes, { elapsedMs: Math.round(performance.now() - (startedAt.get(id) ?? performance.now())) });
    onChange(step);
  };

  return {
    snapshot: () => ({
      steps: steps.map((step) =>
        step.state === "running" ? { ...step, elapsedMs: Math.round(performance.now() - startedAt.get(step.id)!) } : { ...step },
      ),
      state,
      error,
    }),
    async run(id, work) {
      startedAt.set(id, performance.now());
      change(id, { state: "running" });
      try {
        const result = await work(({ detail, fraction }) => change(id, { detail, fraction: fraction ?? null }));
        change(id, { state: "done", fraction: 1 });
        return result;
      } catch (failure) {
        change(id, { state: "failed", detail: (failure as Error).message.split("\n")[0]! });
        throw failure;
      }
    },
    finish() {
      state = "ready";
    },
    fail(message) {
      state = "failed";
      error = message;
    },
  };
}
