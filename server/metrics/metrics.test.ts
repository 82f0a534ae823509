import { expect, test } from "vitest";
import { createMetrics } from "./index.ts";
import { createRegistry } from "./registry.ts";

/** Series and their values, as a scraper reads them. @throws Error for a line that is not of the format. */
function parse(page: string): Map<string, number> {
  const series = new Map<string, number>();
  const typed = new Set<string>();
  expect(page.endsWith("\n")).toBe(true);
  for (const line of page.trimEnd().split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment) {
      if (comment[1] === "TYPE") {
        expect(typed, `${comment[2]} is typed once`).not.toContain(comment[2]);
        typed.add(comment[2]!);
      }
      continue;
    }
    const sample = /^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line);
    if (!sample) throw new Error(`not a sample: ${line}`);
    expect(
      [...typed].some((name) => sample[1]!.startsWith(name)),
      line,
    ).toBe(true);
    expect(series.has(`${sample[1]}${sample[2] ?? ""}`)).toBe(false);
    series.set(`${sample[1]}${sample[2] ?? ""}`, sample[3] === "+Inf" ? Infinity : Number(sample[3]));
  }
  return series;
}

const make = () => createMetrics({ warmRunners: () => 2, appsAwake: () => 7, egressReasons: ["private_address"] });

test("every series stands at 0 before anything happened", () => {
  const series = parse(make().render());
  expect(Object.fromEntries(series)).toMatchObject({
    ...Object.fromEntries(["idle", "memory", "exit", "killed", "stuck"].map((reason) => [`fp_instance_ends_total{reason="${reason}"}`, 0])),
    'fp_gateway_refusals_total{code="app_failed"}': 0,
    'fp_egress_refusals_total{reason="private_address"}': 0,
    'fp_wake_seconds_count{start="warm"}': 0,
    fp_warm_runners: 2,
    fp_apps_awake: 7,
  });
  expect(series.get("process_resident_memory_bytes")).toBeGreaterThan(1e6);
});

test("what happens is counted where it belongs", () => {
  const metrics = make();
  metrics.instanceEnded("memory");
  metrics.limited("log_lines", 40);
  metrics.limited("log_lines", 2);
  metrics.throttled(1.5);
  metrics.gatewayRefused("not_found");
  metrics.wakeFailed();
  metrics.egressRefused("private_address");
  expect(Object.fromEntries(parse(metrics.render()))).toMatchObject({
    'fp_instance_ends_total{reason="memory"}': 1,
    'fp_instance_ends_total{reason="exit"}': 0,
    'fp_limited_total{what="log_lines"}': 42,
    fp_cpu_throttled_seconds_total: 1.5,
    'fp_gateway_refusals_total{code="not_found"}': 1,
    fp_wake_failures_total: 1,
    'fp_egress_refusals_total{reason="private_address"}': 1,
  });
});

test("a wake is in every bucket from its time on", () => {
  const metrics = make();
  for (const ms of [9, 25, 25, 40_000]) metrics.woken("warm", ms);
  const series = parse(metrics.render());
  const bucket = (le: string) => series.get(`fp_wake_seconds_bucket{start="warm",le="${le}"}`);
  expect([bucket("0.01"), bucket("0.02"), bucket("0.03"), bucket("30"), bucket("+Inf")]).toEqual([1, 1, 3, 3, 4]);
  expect(series.get('fp_wake_seconds_sum{start="warm"}')).toBeCloseTo(40.059);
  expect(series.get('fp_wake_seconds_count{start="cold"}')).toBe(0);
});

test("a word that is not on the list makes no series of its own", () => {
  const metrics = make();
  const before = parse(metrics.render()).size;
  for (let count = 0; count < 100; count++) {
    metrics.gatewayRefused(`code"${count}\n` as "not_found");
    metrics.egressRefused(`host-${count}.example`);
  }
  const after = parse(metrics.render());
  expect(after.size).toBe(before);
  expect(after.get('fp_gateway_refusals_total{code="other"}')).toBe(100);
  expect(after.get('fp_egress_refusals_total{reason="other"}')).toBe(100);
});

test("a figure that is none changes nothing", () => {
  const metrics = make();
  for (const broken of [Number.NaN, -1, Infinity]) metrics.limited("messages", broken);
  metrics.woken("cold", Number.NaN);
  const series = parse(metrics.render());
  expect(series.get('fp_limited_total{what="messages"}')).toBe(0);
  expect(series.get('fp_wake_seconds_count{start="cold"}')).toBe(0);
});

test("texts are escaped, and a gauge without a figure is left out", () => {
  const registry = createRegistry();
  registry.counter("odd_total", "Two\nlines, a \\ and all.", "word", ['a"b\\c\nd']).add('a"b\\c\nd');
  registry.gauge("absent", "Never there.", () => Number.NaN);
  const page = registry.render();
  expect(page).toContain("# HELP odd_total Two\\nlines, a \\\\ and all.\n");
  expect(page).toContain('odd_total{word="a\\"b\\\\c\\nd"} 1\n');
  expect(page).not.toContain("absent");
  parse(page);
});
