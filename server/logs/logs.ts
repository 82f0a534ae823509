import { EventEmitter, on } from "node:events";
import { Types } from "mongoose";
import type { LogEntry } from "#core/contract/request.ts";
import { AppError } from "#core/contract/problem.ts";
import { retention } from "#core/limits.ts";
import type { AppRecords } from "#server/apps/index.ts";
import type { LogLine } from "#server/runtime/runtime.ts";
import { containsText, createBatch, createTickets, insertOnce, type Storage } from "#server/storage/index.ts";
import type { Logs, LogTicket } from "./index.ts";
import { createTail } from "./tail.ts";
import { logModel, type LogDocument } from "./models.ts";

type Found = LogDocument & { _id: Types.ObjectId };

const ticketMs = 30_000;
const defaultTail = 200;
const mostTail = 1_000;
/** Asked at each start of an instance, so not all there are; its own last line is among them unless others are far busier. */
const latestLines = 500;

export interface LogsDomain {
  logs: Logs;
  removeAppData(appId: string): Promise<void>;
  /** When an instance wrote the last of its lines that is kept, by its own machine's clock; null without one among the app's latest. */
  lastLineAt(appId: string, instanceId: string): Promise<Date | null>;
  /** Cuts the log of every app that this process wrote to back to its cap. */
  trim(): Promise<void>;
}

export interface LogsOptions {
  storage: Storage;
  records: () => AppRecords;
  /** Other processes append too: who follows an app's lines reads them from the database, half a second later than otherwise. */
  shared?: boolean;
}

/** Makes the logs domain; its collection and indexes exist when this resolves. */
export async function createLogs({ storage, records, shared = false }: LogsOptions): Promise<LogsDomain> {
  const model = logModel(storage.connection);
  await model.createCollection();
  await model.syncIndexes();
  const written = new Set<string>();
  const live = new EventEmitter().setMaxListeners(0);
  const tail = createTail(model, storage.replicated);
  const tickets = await createTickets<LogTicket>(storage, "log_tickets", ticketMs);

  const batch = createBatch<LogDocument & { _id: Types.ObjectId }>(async (items) => {
    // They wait in memory, as when the database is away.
    storage.requireRoom();
    await insertOnce(model.collection as never, items);
    for (const item of items) written.add(item.appId);
  }, 1_000);

  const logs: Logs = {
    issueTicket: tickets.issue,
    redeemTicket: tickets.redeem,
    append(appId, line) {
      const text =
        line.text.length > retention.logLineCharacters ? `${line.text.slice(0, retention.logLineCharacters)} … (cut)` : line.text;
      batch.add({ _id: new Types.ObjectId(), appId, at: line.at, stream: line.stream, text, instanceId: line.instanceId });
      live.emit(appId, { ...line, text });
    },
    async list(ownerId, ref, { since, tail: wanted, search }) {
      const app = await records().requireHost(ownerId, ref);
      await batch.flush();
      const limit = Math.min(Math.max(wanted ?? defaultTail, 1), mostTail);
      const text = search ? { text: containsText(search, 200) } : {};
      const query = model.find({ appId: String(app._id), ...text, ...sinceFilter(since) }).maxTimeMS(5_000);
      // After a cursor the next lines follow; otherwise the last ones are wanted, and shown in the order they were written.
      const found =
        since === undefined
          ? (await query.sort({ _id: -1 }).limit(limit).lean<Found[]>()).reverse()
          : await query.sort({ _id: 1 }).limit(limit).lean<Found[]>();
      return { items: found.map(toEntry), nextCursor: found.length > 0 ? String(found.at(-1)!._id) : (since ?? null) };
    },
    async *follow(ownerId, ref, signal) {
      const appId = String((await records().requireHost(ownerId, ref))._id);
      if (shared) {
        for await (const line of tail.follow(appId, signal)) yield toEntry(line);
        return;
      }
      try {
        for await (const [line] of on(live, appId, { signal }) as AsyncIterable<[LogLine]>) {
          yield { at: line.at.toISOString(), stream: line.stream, text: line.text, instance: line.instanceId };
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    flush: () => batch.flush(),
  };

  return {
    logs,
    removeAppData: async (appId) => void (await model.deleteMany({ appId })),
    async lastLineAt(appId, instanceId) {
      const latest = await model
        .find({ appId }, { at: 1, instanceId: 1, stream: 1 })
        .sort({ _id: -1 })
        .limit(latestLines)
        .lean<Pick<LogDocument, "at" | "instanceId" | "stream">[]>();
      // The platform's own words about it are of another clock.
      return latest.find((line) => line.instanceId === instanceId && line.stream !== "platform")?.at ?? null;
    },
    async trim() {
      const apps = [...written];
      written.clear();
      for (const appId of apps) {
        const oldestKept = await model
          .findOne({ appId }, { _id: 1 })
          .sort({ _id: -1 })
          .skip(retention.logLinesPerApp)
          .lean<{ _id: Types.ObjectId }>();
        if (oldestKept) await model.deleteMany({ appId, _id: { $lte: oldestKept._id } });
      }
    },
  };
}

/** `since` is a cursor that a list answered, or a time. */
function sinceFilter(since: string | undefined): Record<string, unknown> {
  if (since === undefined) return {};
  if (/^[0-9a-f]{24}$/.test(since)) return { _id: { $gt: new Types.ObjectId(since) } };
  const at = new Date(since);
  if (Number.isNaN(at.getTime())) throw new AppError("invalid_input", "since is a cursor of this list or an ISO 8601 time.");
  return { at: { $gte: at } };
}

const toEntry = (found: Found): LogEntry => ({
  at: found.at.toISOString(),
  stream: found.stream,
  text: found.text,
  instance: found.instanceId,
});
