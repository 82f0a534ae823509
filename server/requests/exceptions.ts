import { z } from "zod";
import type { RequestError } from "#core/contract/request.ts";
import type { Storage } from "#server/storage/index.ts";

/** Where the runner writes an app's exceptions, in the app's own database. */
export const exceptionCollection = "_platform_request_logs";

/** What is believed of a record that user code could have written: bounded texts, and nothing else. */
const recordSchema = z.object({
  request_id: z.string().max(200),
  type: z.string().max(500).catch("Exception"),
  message: z
    .string()
    .transform((text) => text.slice(0, 10_000))
    .catch(""),
  file: z.string().max(500).nullish().catch(null),
  line: z.number().int().min(1).max(10_000_000).nullish().catch(null),
  traceback: z
    .string()
    .transform((text) => text.slice(0, 50_000))
    .catch(""),
});

/** The largest record that a runner writes fits twice. A larger one is no runner's, and must not cost the platform its memory. */
const largestRecordBytes = 512 * 1024;
/** Records held at once while they are read and cut. */
const batchSize = 16;

/** Longest a page waits for the runner's half; without it the request is shown all the same. */
const readMs = 2_000;

/** The exceptions of these requests by request id, from the app's database; unreadable records are left out. */
export async function readExceptions(
  storage: Storage,
  databaseName: string,
  appId: string,
  requestIds: readonly string[],
): Promise<Map<string, RequestError>> {
  if (requestIds.length === 0) return new Map();
  const found = storage.client
    .db(databaseName)
    .collection(exceptionCollection)
    .find(
      { app_id: appId, request_id: { $in: [...requestIds] }, $expr: { $lte: [{ $bsonSize: "$$ROOT" }, largestRecordBytes] } },
      { maxTimeMS: readMs, limit: requestIds.length * 2, batchSize },
    );
  const errors = new Map<string, RequestError>();
  try {
    for await (const document of found) {
      const parsed = recordSchema.safeParse(document);
      if (!parsed.success) continue;
      const { request_id: id, type, message, file, line, traceback } = parsed.data;
      errors.set(id, { type, message, traceback, ...(file == null ? {} : { file }), ...(line == null ? {} : { line }) });
    }
  } catch {
    // The app's database is slow or away: its requests are shown without what is in it.
  }
  return errors;
}
