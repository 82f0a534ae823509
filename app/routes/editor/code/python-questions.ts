/** What is asked of the Python worker, and a client that turns its messages into promises. */
import type { Framework } from "#core/contract/app.ts";
import type { Files } from "#core/contract/files.ts";
import type { RenamedImports } from "#core/python/rename.ts";
import type { SourceProblem } from "#core/contract/problem.ts";

export type Question = { id: number } & (
  | { kind: "check"; files: Files; entrypoint: string; allowed: readonly string[] }
  | { kind: "format"; text: string }
  | { kind: "rename"; files: Files; from: string; to: string }
);

export interface CheckAnswer {
  problems: SourceProblem[];
  framework: Framework | null;
  usesMongo: boolean;
}
export type Answer = { id: number } & (CheckAnswer | { text: string } | { renamed: RenamedImports } | { error: string });

export interface PythonClient {
  check(input: { files: Files; entrypoint: string; allowed: readonly string[] }): Promise<CheckAnswer>;
  /** @throws Error in words for the author when the text cannot be formatted. */
  format(text: string): Promise<string>;
  /** The imports that must follow a file which was `from` and is `to` in `files`. */
  renameImports(files: Files, from: string, to: string): Promise<RenamedImports>;
  dispose(): void;
}

/** The least of a Worker that is needed. */
export interface Talker {
  postMessage(message: Question): void;
  addEventListener(type: "message", listener: (event: { data: Answer }) => void): void;
  addEventListener(type: "error", listener: () => void): void;
  terminate(): void;
}

export function createPythonClient(worker: Talker): PythonClient {
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  let next = 1;
  let broken = false;
  const failAll = (message: string) => {
    for (const { reject } of waiting.values()) reject(new Error(message));
    waiting.clear();
  };
  worker.addEventListener("message", ({ data }) => {
    waiting.get(data.id)?.resolve(data);
    waiting.delete(data.id);
  });
  // A worker that could not be started never answers: whoever waits is told.
  worker.addEventListener("error", () => {
    broken = true;
    failAll("Python checks could not be started in this browser.");
  });
  const ask = (question: Question) =>
    new Promise<Answer>((resolve, reject) => {
      if (broken) return reject(new Error("Python checks could not be started in this browser."));
      waiting.set(question.id, { resolve, reject });
      worker.postMessage(question);
    });
  return {
    async check(input) {
      const answer = await ask({ id: next++, kind: "check", ...input });
      if ("problems" in answer) return answer;
      throw new Error("error" in answer ? answer.error : "The check gave no answer.");
    },
    async format(text) {
      const answer = await ask({ id: next++, kind: "format", text });
      if ("text" in answer) return answer.text;
      throw new Error("error" in answer ? answer.error : "The formatter gave no answer.");
    },
    async renameImports(files, from, to) {
      const answer = await ask({ id: next++, kind: "rename", files, from, to });
      if ("renamed" in answer) return answer.renamed;
      throw new Error("error" in answer ? answer.error : "The imports could not be looked through.");
    },
    dispose() {
      failAll("The editor was closed.");
      worker.terminate();
    },
  };
}
