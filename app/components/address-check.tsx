/** Notices where an app's address does not lead here from the visitor's own browser: only that can tell. */
import { useEffect, useState } from "react";
import { unreachableWords } from "./address-words.ts";

/** Answered by the gateway itself: wakes nobody and is not counted. */
const probePath = "/_platform/reachable";

/** A line under an app's address when this browser cannot open it, with what helps; nothing as long as it can. */
export function AddressCheck({ url }: { url: string }) {
  const unreachable = useUnreachable(url);
  if (!unreachable) return null;
  return (
    <p role="status" className="mt-1 max-w-[72ch] text-muted-foreground">
      {unreachableWords(url, window.location)}
    </p>
  );
}

/** Whether a request from here to `url` goes nowhere; asked once, and again when the window comes back from being offline. */
function useUnreachable(url: string): boolean {
  const [unreachable, setUnreachable] = useState(false);
  useEffect(() => {
    const left = new AbortController();
    const ask = (): void => {
      fetch(new URL(probePath, url), { mode: "no-cors", cache: "no-store", credentials: "omit", signal: left.signal }).then(
        () => setUnreachable(false),
        // Without a network nothing is reachable, and that is not about this address.
        () => !left.signal.aborted && setUnreachable(navigator.onLine),
      );
    };
    ask();
    window.addEventListener("online", ask, { signal: left.signal });
    return () => left.abort();
  }, [url]);
  return unreachable;
}
