import { z } from "zod";
import { appSchema } from "./app.ts";

/** A ZIP as it travels: bytes, not JSON. */
export const zipFileSchema = z.file().mime("application/zip");

/** The app that an import made, and what of the ZIP is not in it. */
export const importedAppSchema = appSchema.extend({
  /** What tools leave beside the code, such as `.git/`. */
  leftOut: z.array(z.string()),
  /** Variables whose value was not in the ZIP: they are there, and empty. */
  missingValues: z.array(z.string()),
});
export type ImportedApp = z.infer<typeof importedAppSchema>;
