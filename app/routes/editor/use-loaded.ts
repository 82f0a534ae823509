import { useEffect, useState } from "react";
import { call, wordsOf } from "./call.ts";

export type Loaded<Value> = { state: "loading" } | { state: "failed"; message: string } | { state: "loaded"; value: Value };

/** What a window shows, read when it opens and not again: it is closed before anything changes, or puts what changed in its place. */
export function useLoaded<Value>(path: string): [Loaded<Value>, (loaded: Loaded<Value>) => void] {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ state: "loading" });
  useEffect(() => {
    const flight = new AbortController();
    void call<Value>(path, undefined, flight.signal).then((answer) => {
      if (!flight.signal.aborted)
        setLoaded(answer.ok ? { state: "loaded", value: answer.value } : { state: "failed", message: wordsOf(answer.problem) });
    });
    return () => flight.abort();
  }, [path]);
  return [loaded, setLoaded];
}
