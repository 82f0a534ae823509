/**
 * The Python packages that every app can import, as `runner/packages.json` lists them (made from the runner's lock), what users ask for
 * beside them, and their types: one archive that the editor's language server reads, made by `server/prepare` or carried by the image.
 * Without it all else works. Does not install anything: an import that is allowed must also be in the runner's environment.
 */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "#core/contract/problem.ts";
import { importNamesOf } from "#core/python/index.ts";

export { createImportRequests, type ImportRequests } from "./import-requests.ts";

const schema = z.object({
  pythonVersion: z.string(),
  packages: z.array(z.object({ name: z.string(), version: z.string(), imports: z.array(z.string()) })),
});
export type BuiltInPackage = z.infer<typeof schema>["packages"][number];

export type TypesEncoding = "br" | "gzip";

export interface Packages {
  /** `3.11`: the least version that runs apps. */
  pythonVersion: string;
  list(): readonly BuiltInPackage[];
  /** What may be imported beside an app's own modules. */
  importNames: ReadonlySet<string>;
  /** The name of the archive of types, which is a hash of its content; null: there is none. */
  typesName: string | null;
  /** The archive, compressed: a JSON object `{path: text}`. @throws AppError `not_found` for a name that is not (or no longer) the archive's. */
  readTypes(name: string, encoding: TypesEncoding): Promise<Uint8Array<ArrayBuffer>>;
}

export interface PackagesOptions {
  /** The content of `runner/packages.json`. */
  listed: unknown;
  /** The folder with `<hash>.json.br` and `<hash>.json.gz`; it need not be there. */
  typesDir: string;
}

/** @throws ZodError when the list is not what the runner's script makes. */
export function createPackages({ listed, typesDir }: PackagesOptions): Packages {
  const { pythonVersion, packages } = schema.parse(listed);
  const typesName = findTypes(typesDir);
  return {
    pythonVersion,
    list: () => packages,
    importNames: importNamesOf(packages),
    typesName,
    async readTypes(name, encoding) {
      if (name !== typesName) throw new AppError("not_found", "There are no such types. Reload the editor.");
      return new Uint8Array(await readFile(join(typesDir, `${name}.json.${encoding === "br" ? "br" : "gz"}`)));
    },
  };
}

function findTypes(folder: string): string | null {
  try {
    return readdirSync(folder).flatMap((name) => /^([0-9a-f]{16})\.json\.br$/.exec(name)?.[1] ?? [])[0] ?? null;
  } catch {
    return null;
  }
}
