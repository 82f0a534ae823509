import { useEffect } from "react";
import { useRevalidator } from "react-router";

/** Often enough to watch requests arrive, rare enough to cost nothing. */
const refreshMs = 5_000;

/** Loads the page's data again while it is looked at, and when the deployment under way ends. `refresh` is off while a row is being read. */
export function useLiveUpdates(deploymentId: string | null, refresh: boolean): void {
  const { revalidate } = useRevalidator();
  useEffect(() => {
    if (!refresh) return;
    const timer = setInterval(() => document.visibilityState === "visible" && void revalidate(), refreshMs);
    return () => clearInterval(timer);
  }, [refresh, revalidate]);
  useEffect(() => {
    if (deploymentId === null) return;
    const source = new EventSource(`/streams/deployments/${encodeURIComponent(deploymentId)}`);
    source.addEventListener("outcome", () => {
      source.close();
      void revalidate();
    });
    return () => source.close();
  }, [deploymentId, revalidate]);
}
