/** `npm run check`: types, lint, format, known vulnerabilities. Every one runs, so that one look shows all there is to do. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { judgeAudit } from "./audit.ts";

const root = join(import.meta.dirname, "..");
const bin = (name: string): string => join(root, "node_modules/.bin", name);
const failed: string[] = [];

check("types of routes", bin("react-router"), ["typegen"]);
check("types", bin("tsc"), ["--noEmit", "-p", "."]);
check("lint", bin("oxlint"), ["--type-aware", "--deny-warnings"]);
check("format", bin("oxfmt"), ["--check"]);
audit();
process.stdout.write(failed.length === 0 ? "\ncheck: all good\n" : `\ncheck: failed: ${failed.join(", ")}\n`);
process.exit(failed.length === 0 ? 0 : 1);

function check(name: string, program: string, rest: readonly string[]): void {
  const startedAt = performance.now();
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`;
  const { status } = spawnSync(program, rest, { cwd: root, stdio: "inherit", env: { ...process.env, PATH: path } });
  if (status !== 0) failed.push(name);
  process.stdout.write(`${status === 0 ? "ok    " : "FAILED"} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)\n`);
}

/** A registry without the audit service, or no registry at all, is said and stops nothing. */
function audit(): void {
  const { stdout } = spawnSync("npm", ["audit", "--json"], {
    cwd: root,
    encoding: "utf8",
    timeout: 30_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const verdict = judgeAudit(stdout ?? "");
  if (!verdict.ok) failed.push("audit");
  process.stdout.write(`${verdict.ok ? "ok    " : "FAILED"} audit: ${verdict.message}\n`);
}
