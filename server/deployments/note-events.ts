import type { DeployEvent } from "#core/contract/deployment.ts";
import type { DeploymentModels, DeploymentRecord } from "./models.ts";
import type { Progress } from "./progress.ts";

/** Most deployments are over by then, and cost no write but their last. */
const everyMs = 250;

/**
 * Writes the events of a deployment down while it runs, for those who follow it through another process.
 * @returns ends it; resolves when nothing of it is under way, so that what is written next stays.
 */
export function noteEvents({ deployment }: DeploymentModels, { _id }: DeploymentRecord, progress: Progress): () => Promise<void> {
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  const write = (): void => {
    timer = undefined;
    // Only to be seen: what counts is the last write, which carries all of them.
    writing = deployment.updateOne({ _id, state: "running" }, { $set: { events: toStored(progress.events) } }).catch(() => undefined);
  };
  progress.onChange(
    () => (timer ??= setTimeout(() => void writing.then(() => ended.signal.aborted || write()), everyMs).unref()),
    ended.signal,
  );
  return async () => {
    ended.abort();
    clearTimeout(timer);
    await writing;
  };
}

export const toStored = (events: readonly DeployEvent[]): object[] => events.map((event) => ({ ...event, at: new Date(event.at) }));
