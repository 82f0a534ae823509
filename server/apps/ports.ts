import type { PortStore } from "#server/gateway/index.ts";
import type { AppModels, AppRecord } from "./models.ts";

/** Ports kept with their apps. Nobody but the process that listens on them needs to hear of a change. */
export function createPortStore({ app }: AppModels): PortStore {
  return {
    async list() {
      const found = await app.find({ deletedAt: null }, { slug: 1, port: 1 }).sort({ _id: 1 }).lean<Pick<AppRecord, "slug" | "port">[]>();
      return found.map(({ slug, port }) => ({ slug, port: port ?? null }));
    },
    async save(slug, port) {
      await app.updateOne({ slug }, { $set: { port } });
    },
  };
}
