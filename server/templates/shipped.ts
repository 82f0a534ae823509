import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Model } from "mongoose";
import type { Files } from "#core/contract/files.ts";
import { parseTemplate, type Template } from "#core/contract/template.ts";
import { audiences, shippedId } from "./audience.ts";
import type { TemplateDocument } from "./models.ts";

/** Before every template that people make; 9999-12-31 less a second for each place in the order. */
const farFuture = Date.UTC(9999, 11, 31);

/**
 * Reads every template of `folder`.
 * @throws Error naming the file when one is not valid: they ship with the platform, so that is a bug of ours.
 */
export function readShipped(folder: string): Template[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => parseTemplate(readFileSync(join(folder, file), "utf8"), file));
}

/**
 * Writes `shipped` into the collection: new ones are added, those whose file changed follow it, those whose file is gone go. What an
 * administrator edited or deleted stays so; what is hidden stays hidden.
 */
export async function ship(
  model: Model<TemplateDocument>,
  shipped: readonly Template[],
  store: (files: Files) => Promise<{ hash: string }>,
): Promise<void> {
  const known = await model.find({ _id: { $in: shipped.map(({ id }) => shippedId(id)) } }, { shipped: 1, edited: 1, audience: 1 }).lean();
  const byId = new Map(known.map((one) => [String(one._id), one]));
  for (const template of shipped) {
    const _id = shippedId(template.id);
    const digest = createHash("sha256").update(JSON.stringify(template)).digest("hex");
    const found = byId.get(String(_id));
    if (found && (found.shipped === digest || found.edited || found.audience === audiences.deleted)) continue;
    const { hash } = await store(template.files);
    const now = new Date();
    const { name, description, complexity, tags, framework, database, entrypoint, order } = template;
    const content = { name, description, complexity, tags, framework, database, entrypoint, hash, shipped: digest, updatedAt: now };
    const rankedAt = new Date(farFuture - order * 1_000);
    if (found) await model.updateOne({ _id, edited: false, audience: { $ne: audiences.deleted } }, { $set: { ...content, rankedAt } });
    else await insert(model, { _id, key: template.id, audience: audiences.global, ...content, rankedAt, createdAt: now });
  }
  await model.deleteMany({
    key: { $nin: [null, ...shipped.map(({ id }) => id)] },
    edited: false,
    audience: { $in: [audiences.global, audiences.hidden] },
  });
}

async function insert(model: Model<TemplateDocument>, document: object): Promise<void> {
  try {
    await model.create(document);
  } catch (error) {
    // Another process brought it first.
    if ((error as { code?: unknown }).code !== 11_000) throw error;
  }
}
