/** The draft's host as the editor shows it: how it stands, and what can be done with it. */
import { useCallback, useEffect, useState } from "react";
import type { DraftHost } from "#core/contract/draft.ts";
import { toast } from "#app/components/ui/toast.tsx";
import { call, wordsOf } from "./call.ts";

/** Often enough for a bar that moves. */
const lookEveryMs = 500;

export interface DraftHostControl {
  host: DraftHost;
  /** Begins the draft's database anew; true when it stands or is being filled. */
  fill(from: "empty" | "live"): Promise<boolean>;
  cancel(): Promise<void>;
  remove(): Promise<void>;
}

/** `loaded` is the page's; while a copy runs the host is asked for by itself, since the page brings all files along. */
export function useDraftHost(slug: string, loaded: DraftHost): DraftHostControl {
  const [seen, setSeen] = useState<{ of: DraftHost; host: DraftHost }>({ of: loaded, host: loaded });
  // What the page loaded since is newer than what was asked for before.
  const host = seen.of === loaded ? seen.host : loaded;
  const copying = host.copy?.state === "running";
  const address = `/apps/${slug}/edit/draft-host`;

  useEffect(() => {
    if (!copying) return;
    const timer = setInterval(() => {
      void call<DraftHost>(address).then((answer) => {
        if (answer.ok) setSeen({ of: loaded, host: answer.value });
      });
    }, lookEveryMs);
    return () => clearInterval(timer);
  }, [address, copying, loaded]);

  const act = useCallback(
    async (body: object): Promise<boolean> => {
      const answer = await call<DraftHost>(address, body);
      if (answer.ok) setSeen({ of: loaded, host: answer.value });
      else toast({ title: wordsOf(answer.problem), type: "error" });
      return answer.ok;
    },
    [address, loaded],
  );

  return {
    host,
    fill: (from) => act({ intent: "fill", from }),
    cancel: async () => void (await act({ intent: "cancel" })),
    remove: async () => void (await act({ intent: "remove" })),
  };
}
