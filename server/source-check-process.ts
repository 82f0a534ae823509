/**
 * The process that checks users' source for the platform (`createSourceChecker` starts it): Node runs it natively, outside the build.
 * It has no secrets, no database and no network of its own, and ends when the platform does.
 */
import { checkPython } from "#core/python/index.ts";
import type { CheckAnswer, CheckRequest } from "./source-check.ts";
import { createSyntaxChecker } from "./python-syntax.ts";

process.on("message", ({ id, files, entrypoint, allowedImports, pythonVersion }: CheckRequest) => {
  const result = checkPython(files, { entrypoint, allowedImports, syntaxErrors: createSyntaxChecker(pythonVersion) });
  process.send!({ id, result } satisfies CheckAnswer);
});
process.on("disconnect", () => process.exit());
