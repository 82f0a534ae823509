/** Follows the deployment under way and tells how it ended. The stream replays what was missed when it reconnects. */
import { useEffect, useRef } from "react";
import { deployEventSchema, deploymentSchema, type Deployment } from "#core/contract/deployment.ts";
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
    const source = new EventSource(`/streams/deployments/${encodeURIComponent(following)}`);
    source.addEventListener("step", (message: MessageEvent<string>) => {
      const event = deployEventSchema.safeParse(JSON.parse(message.data));
      if (event.success) store.getState().event(event.data);
    });
    source.addEventListener("outcome", (message: MessageEvent<string>) => {
      source.close();
      const deployment = deploymentSchema.safeParse(JSON.parse(message.data));
      if (!deployment.success) return handlers.current.onLost();
      store.getState().end(deployment.data);
      handlers.current.onEnd(deployment.data);
    });
    source.addEventListener("problem", () => handlers.current.onLost());
    // A browser reconnects by itself; closed means that it was refused for good.
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) handlers.current.onLost();
    });
    return () => source.close();
  }, [following, store]);
}
