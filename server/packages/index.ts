/**
 * The Python packages that every app can import, as `runner/packages.json` lists them (made from the runner's lock), and what users ask
 * for beside them. Does not install anything: an import that is allowed must also be in the runner's environment.
 */
import { z } from "zod";
import { importNamesOf } from "#core/python/index.ts";

export { createImportRequests, type ImportRequests } from "./import-requests.ts";

const schema = z.object({
  pythonVersion: z.string(),
  packages: z.array(z.object({ name: z.string(), version: z.string(), imports: z.array(z.string()) })),
});
export type BuiltInPackage = z.infer<typeof schema>["packages"][number];

export interface Packages {
  /** `3.11`: the least version that runs apps. */
  pythonVersion: string;
  list(): readonly BuiltInPackage[];
  /** What may be imported beside an app's own modules. */
  importNames: ReadonlySet<string>;
}

/** @throws ZodError when the list is not what the runner's script makes. */
export function createPackages(listed: unknown): Packages {
  const { pythonVersion, packages } = schema.parse(listed);
  return { pythonVersion, list: () => packages, importNames: importNamesOf(packages) };
}
