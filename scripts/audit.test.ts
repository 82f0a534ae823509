import { expect, test } from "vitest";
import { judgeAudit } from "./audit.ts";

test("a registry without audits is said and stops nothing", () => {
  expect(judgeAudit("")).toMatchObject({ ok: true });
  expect(judgeAudit('{"message":"404 Not Found","error":{"summary":""}}')).toMatchObject({
    ok: true,
    message: expect.stringContaining("not judged"),
  });
});

test("only high and critical findings fail", () => {
  const report = (counts: Record<string, number>, severity: string) =>
    JSON.stringify({ metadata: { vulnerabilities: counts }, vulnerabilities: { left: { severity } } });
  expect(judgeAudit(report({ moderate: 2, total: 2 }, "moderate"))).toEqual({ ok: true, message: "2 moderate" });
  expect(judgeAudit(report({ critical: 1, total: 1 }, "critical"))).toEqual({
    ok: false,
    message: "1 high or critical: left; see npm audit",
  });
});
