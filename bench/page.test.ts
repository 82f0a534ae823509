import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { toChart } from "./chart.ts";
import type { Series } from "./figures.ts";
import { chartPath, pagePath, withResults } from "./page.ts";
import { readResults, toResult, type Result } from "./results.ts";

const machine = { cores: 2, processor: "Some", memoryGiB: 8, kernel: "6.1", node: "26", python: "3.11", load: 0.5 };
const resultsOf = (name: string, ...series: Series[]): Map<string, Result> =>
  new Map([[name, toResult(name, "2026-01-02", machine, { series, notes: [] })]]);

test("the table of docs/performance.md says what bench/results says", async () => {
  const page = await readFile(pagePath, "utf8");
  expect(withResults(page, readResults()), "run `npm run bench -- page`").toBe(page);
});

test("the chart of docs/performance.md shows what bench/results says", async () => {
  expect(await readFile(chartPath, "utf8"), "run `npm run bench -- page`").toBe(toChart(readResults()));
});

test("a row shows median and p95, and its ratio to the peer of the same run with the peer's own figure", () => {
  const results = resultsOf(
    "cold-start",
    { name: "ours", values: [30, 20, 40], aim: { median: 30 }, peer: "theirs" },
    { name: "theirs", values: [300] },
  );
  const page = withResults("above <!-- bench/results: begin -->stale<!-- bench/results: end --> below", results);
  expect(page).toContain("| ours | 3 | 30.0 ms | 40.0 ms | median 30.0 ms | 0.10 × theirs, 300 ms |");
  expect(page).not.toContain("stale");
  expect(page).toMatch(/^above [^]* below$/);
});

test("a page without its marks is refused, so that nothing else is overwritten", () => {
  expect(() => withResults("<!-- bench/results: end --><!-- bench/results: begin -->", new Map())).toThrow("no marks");
});

test("the chart tells our figures, those measured beside them and published ones apart, and escapes names", () => {
  const chart = toChart(
    resultsOf("deploy", { name: "Deploy <fast> → answers", values: [90, 110], peer: "uvicorn" }, { name: "uvicorn", values: [900] }),
  )!;
  expect(chart).toContain("Deploy &lt;fast&gt;");
  expect(chart).toMatch(/<circle class="mark ours"/);
  expect(chart).toMatch(/<rect class="mark beside" x="[\d.]+" y="\d+" width="10"/);
  expect(chart).toMatch(/Val Town[^]*<\/svg>/);
  expect(chart).toContain("prefers-color-scheme:dark");
  expect(chart).not.toContain("NaN");
});

test("there is no chart of nothing", () => {
  expect(toChart(new Map())).toBeNull();
});
