/**
 * What the platform counts of itself, for `GET /metrics`. One object of small functions that the composition root hands to whatever
 * has something to count. Guarantees: a count never throws and costs well under a microsecond; labels are words of ours, so that
 * the number of series is fixed. Does not say anything about one app or one user: that is what the requests and logs are for.
 */
import type { GatewayCode } from "#server/gateway/index.ts";
import type { EndReason, Limited, RuntimeCounts } from "#server/runtime/runtime.ts";
import { createRegistry, metricsContentType } from "./registry.ts";

export { metricsContentType };

/** All there are: a word that is added to the type and not here does not compile. */
const endReasons: Record<EndReason, true> = {
  idle: true,
  asked: true,
  replaced: true,
  shutdown: true,
  removed: true,
  memory: true,
  exit: true,
  killed: true,
  stuck: true,
  not_started: true,
};
const limited: Record<Limited, true> = { log_lines: true, exceptions: true, messages: true, processes: true };
const gatewayCodes: Record<GatewayCode, true> = {
  bad_request: true,
  body_too_large: true,
  body_timeout: true,
  not_found: true,
  draft_only: true,
  app_stopped: true,
  app_not_deployed: true,
  app_waking: true,
  app_failed: true,
  app_timeout: true,
  too_many_requests: true,
  too_many_requests_waiting: true,
  too_many_requests_in_flight: true,
  runtime_unavailable: true,
  stopping: true,
};
const wordsOf = <Word extends string>(words: Record<Word, true>) => Object.keys(words) as Word[];

/** From 10 ms, which no wake is under, in steps that tell a warm start from one that had to wait, up to the load's limit. */
const wakeSeconds = [0.01, 0.02, 0.03, 0.045, 0.065, 0.1, 0.15, 0.25, 0.4, 1, 2.5, 5, 10, 30];

export interface Metrics extends RuntimeCounts {
  gatewayRefused(code: GatewayCode): void;
  /** `reason` is one of the egress proxy's own words. */
  egressRefused(reason: string): void;
  /** The page, in text format 0.0.4. */
  render(): string;
}

export interface MetricsSources {
  warmRunners(): number;
  appsAwake(): number;
  /** The egress proxy's reasons of a refusal. */
  egressReasons?: readonly string[];
  /** Calls to a cluster's API server so far, by verb and resource, such as `patch pods`; none where there is no cluster. */
  clusterCalls?(): Readonly<Record<string, number>>;
}

export function createMetrics({ warmRunners, appsAwake, egressReasons = [], clusterCalls }: MetricsSources): Metrics {
  const registry = createRegistry();
  const ends = registry.counter("fp_instance_ends_total", "Instances that ended, by reason.", "reason", wordsOf(endReasons));
  const wakes = registry.histogram(
    "fp_wake_seconds",
    "From the first request to an instance that answers.",
    "start",
    ["warm", "cold"],
    wakeSeconds,
  );
  const failures = registry.counter("fp_wake_failures_total", "Wakes that ended without an instance.");
  const limits = registry.counter("fp_limited_total", "What apps were refused for taking more than their share.", "what", wordsOf(limited));
  const throttled = registry.counter("fp_cpu_throttled_seconds_total", "Seconds that apps waited for their share of the CPU.");
  const gateway = registry.counter("fp_gateway_refusals_total", "Answers that the gateway gave itself.", "code", wordsOf(gatewayCodes));
  const egress = registry.counter(
    "fp_egress_refusals_total",
    "Connections to the outside that were refused.",
    "reason",
    egressReasons.length > 0 ? egressReasons : ["refused"],
  );
  registry.gauge("fp_warm_runners", "Runners that wait for an app.", warmRunners);
  registry.gauge("fp_apps_awake", "Apps with an instance that answers.", appsAwake);
  if (clusterCalls)
    registry.totals("fp_cluster_calls_total", "Calls to the cluster's API server, by verb and resource.", "call", clusterCalls);
  addProcess(registry);
  return {
    instanceEnded: (reason) => ends.add(reason),
    woken: (start, ms) => wakes.observe(start, ms / 1000),
    wakeFailed: () => failures.add(""),
    limited: (what, count) => limits.add(what, count),
    throttled: (seconds) => throttled.add("", seconds),
    gatewayRefused: (code) => gateway.add(code),
    egressRefused: (reason) => egress.add(reason),
    render: registry.render,
  };
}

/** The figures that every Prometheus dashboard knows by these names. */
function addProcess(registry: ReturnType<typeof createRegistry>): void {
  registry.total("process_cpu_seconds_total", "CPU time of the platform's process.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  registry.gauge("process_resident_memory_bytes", "Memory of the platform's process.", () => process.memoryUsage.rss());
  const started = Math.round(performance.timeOrigin) / 1000;
  registry.gauge("process_start_time_seconds", "When the platform's process started.", () => started);
}
