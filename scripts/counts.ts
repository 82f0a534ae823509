/** The figures of a test run, as people and CI read them. Pure. */
import type { Counts } from "./count-reporter.ts";

/** `12 passed, 0 failed`, and `, 1 skipped` when there are any. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
}

/** Reads pytest's JUnit report. An error (of a fixture, or of a file that cannot be imported) is a failure. */
export function parseJunit(xml: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: [] };
  for (const [, attributes = "", body = ""] of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const name = `${attribute(attributes, "classname")}.${attribute(attributes, "name")}`;
    const skipped = /<skipped\b([^>]*)/.exec(body);
    if (/<(failure|error)\b/.test(body)) counts.failed += 1;
    else if (skipped) counts.skipped.push(`${name}: ${attribute(skipped[1]!, "message")}`);
    else counts.passed += 1;
  }
  return counts;
}

function attribute(text: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? "";
  return value.replace(
    /&(quot|amp|lt|gt|apos);/g,
    (_whole, entity: string) => ({ quot: '"', amp: "&", lt: "<", gt: ">", apos: "'" })[entity]!,
  );
}
