/** Diagnostics as somebody types, and formatting, by the Python worker; it starts when the page has settled. */
import { useEffect, useRef, useState } from "react";
import type { Files } from "#core/contract/files.ts";
import { createPythonClient, type CheckAnswer, type PythonClient } from "./python-questions.ts";
import PythonWorker from "./python.worker.ts?worker";

/** A check takes 10 ms of its own thread; this keeps those of one word together, and what is found under 100 ms after the last key. */
const debounceMs = 40;

export interface PythonChecks {
  /** The newest answer; null until there is one. */
  answer: CheckAnswer | null;
  /** Why there are no checks, where there are none. */
  failure: string | null;
  format: (text: string) => Promise<string>;
  renameImports: PythonClient["renameImports"];
}

/** `allowed`: what an administrator allowed beside the built-in packages. */
export function usePython(files: Files, entrypoint: string, allowed: readonly string[]): PythonChecks {
  const client = useRef<PythonClient>(null);
  const [answer, setAnswer] = useState<CheckAnswer | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  useEffect(
    () => () => {
      client.current?.dispose();
      client.current = null;
    },
    [],
  );

  useEffect(() => {
    let stale = false;
    const timer = setTimeout(() => {
      start(client)
        .check({ files, entrypoint, allowed })
        .then(
          (checked) => {
            if (!stale) setAnswer(checked);
          },
          (error: Error) => {
            if (!stale) setFailure(error.message);
          },
        );
    }, debounceMs);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [files, entrypoint, allowed]);

  return {
    answer,
    failure,
    format: (text) => start(client).format(text),
    renameImports: (...renamed) => start(client).renameImports(...renamed),
  };
}

function start(client: { current: PythonClient | null }): PythonClient {
  client.current ??= createPythonClient(new PythonWorker());
  return client.current;
}
