/** Asks the search worker; of several questions only the last one is answered. */
import type { Found } from "#core/search-files.ts";
import type { Answer, Question } from "./search.worker.ts";

/** The least of a Worker that is needed. */
export interface SearchWorker {
  postMessage(question: Question): void;
  addEventListener(type: "message", listener: (event: { data: Answer }) => void): void;
  addEventListener(type: "error", listener: () => void): void;
  terminate(): void;
}

export interface SearchClient {
  /** Never settles when another question comes first. @throws Error in words for who searches. */
  search(question: Question): Promise<Found>;
  dispose(): void;
}

const longestMs = 2_000;

export function createSearchClient(start: () => SearchWorker): SearchClient {
  let worker: SearchWorker | null = null;
  let pending: { settle(answer: Answer): void; timer: ReturnType<typeof setTimeout> } | null = null;

  const end = (): void => {
    worker?.terminate();
    worker = null;
  };
  const settle = (answer: Answer): void => {
    if (pending === null) return;
    clearTimeout(pending.timer);
    pending.settle(answer);
    pending = null;
  };
  const forget = (): void => {
    if (pending === null) return;
    // It is busy with what nobody wants to know any more.
    clearTimeout(pending.timer);
    pending = null;
    end();
  };
  const open = (): SearchWorker => {
    const made = start();
    made.addEventListener("message", ({ data }) => made === worker && settle(data));
    made.addEventListener("error", () => {
      if (made !== worker) return;
      end();
      settle({ error: "The search could not be started in this browser." });
    });
    return made;
  };

  return {
    async search(question) {
      forget();
      const { promise, resolve } = Promise.withResolvers<Answer>();
      const giveUp = (): void => {
        end();
        settle({ error: "This takes too long: try a simpler expression." });
      };
      pending = { settle: resolve, timer: setTimeout(giveUp, longestMs) };
      worker ??= open();
      worker.postMessage(question);
      const answer = await promise;
      if ("error" in answer) throw new Error(answer.error);
      return answer;
    },
    dispose() {
      forget();
      end();
    },
  };
}
