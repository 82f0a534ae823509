/**
 * What others publish about themselves, for reference: measured by them, on their machines, by their methods. Shown as published and
 * never as a ratio: only what runs beside us in the same run is a comparison.
 */

export interface Published {
  who: string;
  /** Lower-case, to stand after the name. */
  what: string;
  medianMs: number;
  p95Ms?: number;
  source: string;
}

/** From asleep to the first answer. */
export const publishedWakes: readonly Published[] = [
  {
    who: "Fission, warm pool",
    what: "cluster, hello Python, c=1, five runs",
    medianMs: 72.8,
    p95Ms: 76.8,
    source: "https://github.com/fission/fission/pull/3542",
  },
  {
    who: "Fission, warm pool, 20 others waking",
    what: "the same cluster",
    medianMs: 73.2,
    p95Ms: 186.8,
    source: "https://github.com/fission/fission/pull/3623",
  },
  { who: "Knative", what: "cluster, steady state", medianMs: 800, source: "https://github.com/knative/serving/issues/15477" },
  {
    who: "AWS Lambda SnapStart",
    what: "Python app with common packages, mean of 17, measured by Cloudflare",
    medianMs: 855,
    source: "https://blog.cloudflare.com/python-workers-advancements",
  },
  {
    who: "Cloudflare Python Workers",
    what: "the same app, mean of 981",
    medianMs: 1_004,
    source: "https://blog.cloudflare.com/python-workers-advancements",
  },
  {
    who: "AWS Lambda",
    what: "the same app, mean of 1,008, measured by Cloudflare",
    medianMs: 2_513,
    source: "https://blog.cloudflare.com/python-workers-advancements",
  },
  {
    who: "Kubernetes Deployment, 0 → 1",
    what: "cluster, image present, measured by Fission",
    medianMs: 2_664,
    source: "https://github.com/fission/fission/pull/3559",
  },
  {
    who: "Google Cloud Run",
    what: "the same app, mean of 394, measured by Cloudflare",
    medianMs: 3_030,
    source: "https://blog.cloudflare.com/python-workers-advancements",
  },
];

/** From the press to the new version, or back to an old one. */
export const publishedDeploys: readonly Published[] = [
  { who: "Val Town", what: "save → live, “under 100 ms”", medianMs: 100, source: "https://docs.val.town" },
  {
    who: "Vercel, instant rollback",
    what: "about 1 s",
    medianMs: 1_000,
    source: "https://vercel.com/academy/vercel-foundations/deployments",
  },
];

const byScenario: Record<string, readonly Published[]> = { "cold-start": publishedWakes, deploy: publishedDeploys };

/** A sentence for a scenario's report, or null where nobody publishes the like. */
export function toReference(scenario: string): string | null {
  const found = byScenario[scenario];
  if (!found) return null;
  const entries = found.map(({ who, what, medianMs, p95Ms, source }) => {
    const p95 = p95Ms === undefined ? "" : `, p95 ${p95Ms} ms`;
    return `[${who}](${source}) ${medianMs.toLocaleString("en")} ms${p95} (${what})`;
  });
  return `For reference, as published by others and not measured here: ${entries.join("; ")}.`;
}
