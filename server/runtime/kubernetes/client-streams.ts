/** Answers of the API server that come in parts: lists by pages, watches, a container's output. */
import type { Listed, LogOptions, Selection, WatchEvent } from "./client.ts";
import type { Caller } from "./client-caller.ts";
import { Expired, toRefusal, toUnreachable, type Status } from "./client-errors.ts";
import type { Resource, Resources } from "./client-resources.ts";
import { readLines } from "./client-transport.ts";
import { containerName } from "./names.ts";

const pageItems = 500;
/** The server ends a watch after this, so that watches spread over servers that were restarted. */
const watchSeconds = 300;
/** An object may have 1.5 MB in etcd, and more as JSON. */
const watchLineBytes = 16 * 1_048_576;
/** pid 1 cuts lines at 16 KiB; what else may write there is cut here. */
const logLineBytes = 64 * 1024;

interface ListAnswer<T> {
  items?: T[] | null;
  metadata: { resourceVersion?: string; continue?: string };
}

/** @throws Expired when the list took so long that the server forgot where it was. */
export async function* listPages<R extends Resource>(
  caller: Caller,
  resource: R,
  selection: Selection,
  signal?: AbortSignal,
): AsyncGenerator<Listed<Resources[R]>> {
  let from: string | undefined;
  do {
    const query = { ...selection, limit: pageItems, continue: from };
    const answer = await caller.call<ListAnswer<Resources[R]>>("list", resource, { method: "GET", query, signal, idempotent: true });
    if ("refused" in answer && answer.refused.code === 410) throw new Expired("the list took too long");
    const { items, metadata } = caller.take<ListAnswer<Resources[R]>, never>(answer, "list", resource, {});
    yield { items: items ?? [], resourceVersion: metadata.resourceVersion ?? "" };
    from = metadata.continue || undefined;
  } while (from !== undefined);
}

/** Ends when the server ends it or the signal aborts. @throws Expired; AppError `runtime_unavailable` when it breaks off. */
export async function* watchFrom<R extends Resource>(
  caller: Caller,
  resource: R,
  { idleMs, ...place }: Selection & { resourceVersion: string; idleMs: number },
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<Resources[R]>> {
  const query = { ...place, watch: true, allowWatchBookmarks: true, timeoutSeconds: watchSeconds };
  const opened = await caller.stream("watch", resource, { method: "GET", query, signal, idempotent: true });
  const refuse = (status: Status): Error =>
    status.code === 410 ? new Expired("the watch") : toRefusal(status, { verb: "watch", resource, namespace: caller.namespace });
  if ("refused" in opened) throw refuse(opened.refused);
  // Whoever listens learns that it is heard: the API server itself is silent until something changes.
  yield { type: "BOOKMARK", object: { metadata: { resourceVersion: place.resourceVersion } } as Resources[R] };
  try {
    for await (const line of readLines(opened.found, { idleMs, mostBytes: watchLineBytes })) {
      const event = JSON.parse(line) as WatchEvent<Resources[R]> | { type: "ERROR"; object: Status };
      if (event.type === "ERROR") throw refuse(event.object);
      yield event;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof Expired ? error : toUnreachable(error);
  }
}

/** Ends with the output, or with the signal. A pod without a container, or none of that name, has no output. */
export async function* readLog(caller: Caller, pod: string, options: LogOptions): AsyncGenerator<string> {
  const { follow, since, timestamps, tailLines, previous, signal } = options;
  const query = { container: containerName, follow, sinceTime: since?.toISOString(), timestamps, tailLines, previous };
  try {
    const opened = await caller.stream("get", "pods", { method: "GET", query, signal, idempotent: true }, pod, "/log");
    if ("found" in opened) yield* readLines(opened.found, { idleMs: 0, mostBytes: logLineBytes });
    // There is no such pod, its container waits to start or there was none before it, or the pod is on no node yet.
    else if (![404, 400, 204].includes(opened.refused.code ?? 0))
      throw toRefusal(opened.refused, { verb: "get", resource: "pods/log", namespace: caller.namespace });
  } catch (error) {
    if (!signal?.aborted) throw toUnreachable(error);
  }
}
