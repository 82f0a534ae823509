/** The stream of one deployment, as its messages. Loaded when there is one to follow: zod is not in the first load. */
import { deployEventSchema, deploymentSchema, type Deployment, type DeployEvent } from "#core/contract/deployment.ts";

export interface DeploymentListener {
  onEvent(this: void, event: DeployEvent): void;
  /** Told once, with its outcome. */
  onEnd(this: void, deployment: Deployment): void;
  /** It can no longer be followed. */
  onLost(this: void): void;
}

/** Gives what stops it. */
export function followDeployment(id: string, { onEvent, onEnd, onLost }: DeploymentListener): () => void {
  const source = new EventSource(`/streams/deployments/${encodeURIComponent(id)}`);
  source.addEventListener("step", (message: MessageEvent<string>) => {
    const event = deployEventSchema.safeParse(JSON.parse(message.data));
    if (event.success) onEvent(event.data);
  });
  source.addEventListener("outcome", (message: MessageEvent<string>) => {
    source.close();
    const deployment = deploymentSchema.safeParse(JSON.parse(message.data));
    if (deployment.success) onEnd(deployment.data);
    else onLost();
  });
  source.addEventListener("problem", onLost);
  // A browser reconnects by itself; closed means that it was refused for good.
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) onLost();
  });
  return () => source.close();
}
