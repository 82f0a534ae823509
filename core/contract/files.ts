import { z } from "zod";

/** One file's content: text, or bytes in base64 for the few binary kinds allowed under `static/`. */
export const fileContentSchema = z.union([z.string(), z.object({ base64: z.base64() })]);
export type FileContent = z.infer<typeof fileContentSchema>;

/** All files of an app by path. Limits and path rules are checked by `core/bundle.ts`, with the file named. */
export const filesSchema = z.record(z.string(), fileContentSchema);
export type Files = z.infer<typeof filesSchema>;
