/** Follows the deployment under way and tells how it ended. The stream replays what was missed when it reconnects. */
import { useEffect, useRef } from "react";
import type { Deployment } from "#core/contract/deployment.ts";
import { useDeployStore, useDeployStoreApi } from "#app/stores/deploy-store.ts";

/** `onEnd` gets the deployment with its outcome; `onLost` is told when it can no longer be followed. */
export function useDeploymentStream(onEnd: (deployment: Deployment) => void, onLost: () => void): void {
  const store = useDeployStoreApi();
  const following = useDeployStore(({ current }) => (current?.state === "running" ? current.id : null));
  const handlers = useRef({ onEnd, onLost });
  useEffect(() => {
    handlers.current = { onEnd, onLost };
  });

  useEffect(() => {
    if (following === null) return;
    const onLost = () => handlers.current.onLost();
    let stop: (() => void) | null = null;
    let left = false;
    import("./follow-deployment.ts").then(({ followDeployment }) => {
      if (left) return;
      stop = followDeployment(following, {
        onEvent: (event) => store.getState().event(event),
        onEnd: (deployment) => {
          store.getState().end(deployment);
          handlers.current.onEnd(deployment);
        },
        onLost,
      });
    }, onLost);
    return () => {
      left = true;
      stop?.();
    };
  }, [following, store]);
}
