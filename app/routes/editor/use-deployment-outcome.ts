/** What the editor does when the deployment under way has ended: reads the page anew, says so, and goes to the first problem. */
import { useRevalidator } from "react-router";
import type { Deployment } from "#core/contract/deployment.ts";
import { toast } from "#app/components/ui/toast.tsx";
import { useEditorStoreApi } from "#app/stores/editor-store.ts";
import { useDeploymentStream } from "./use-deployment-stream.ts";

export function useDeploymentOutcome(): void {
  const store = useEditorStoreApi();
  const { revalidate } = useRevalidator();
  useDeploymentStream(
    (deployment) => {
      void revalidate();
      tellOutcome(deployment);
      const first = deployment.problems?.find(({ severity }) => severity === "error");
      if (deployment.state === "failed" && first !== undefined) store.getState().goTo(first);
    },
    () => {
      toast({
        title: "The deployment can no longer be followed",
        description: "It goes on by itself; reload to see how it stands.",
        type: "error",
      });
    },
  );
}

function tellOutcome({ state, kind, version }: Deployment) {
  if (state === "succeeded" && kind !== "draft")
    toast({ title: kind === "rollback" ? `Version ${version} is live again` : `Version ${version} is live`, type: "success" });
}
