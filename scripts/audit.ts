/** What `npm audit --json` means for us. Pure. */

/** High and critical findings fail the check; where the registry gives no findings at all, that is said instead. */
export function judgeAudit(output: string): { ok: boolean; message: string } {
  const report = parse(output);
  const counts = report?.metadata?.vulnerabilities;
  if (!counts) return { ok: true, message: "not judged, because the registry answered no audit" };
  const serious = (counts["high"] ?? 0) + (counts["critical"] ?? 0);
  const names = Object.entries(report.vulnerabilities ?? {})
    .filter(([, { severity }]) => severity === "high" || severity === "critical")
    .map(([name]) => name);
  if (serious > 0) return { ok: false, message: `${serious} high or critical: ${names.join(", ")}; see npm audit` };
  const others = Object.entries(counts).filter(([severity, count]) => severity !== "total" && count > 0);
  return { ok: true, message: others.length > 0 ? others.map(([severity, count]) => `${count} ${severity}`).join(", ") : "nothing known" };
}

interface AuditReport {
  metadata?: { vulnerabilities?: Record<string, number> };
  vulnerabilities?: Record<string, { severity: string }>;
}

function parse(output: string): AuditReport | null {
  try {
    return JSON.parse(output) as AuditReport;
  } catch {
    return null;
  }
}
