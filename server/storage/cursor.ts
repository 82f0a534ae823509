import { Types } from "mongoose";
import { AppError } from "#core/contract/problem.ts";

/** Where a page of a list ended: the sorted time and the id that breaks ties. Opaque to callers. */
export interface Cursor {
  at: Date;
  id: Types.ObjectId;
}

export const encodeCursor = (at: Date, id: Types.ObjectId | string): string =>
  Buffer.from(`${at.getTime()}.${String(id)}`).toString("base64url");

/** @throws AppError `invalid_input` for anything that `encodeCursor` did not make. */
export function decodeCursor(text: string): Cursor {
  const match = /^(\d{1,15})\.([0-9a-f]{24})$/.exec(Buffer.from(text, "base64url").toString("latin1"));
  if (!match) throw new AppError("invalid_input", "This cursor is not one that a list answered. Start again without it.");
  return { at: new Date(Number(match[1])), id: new Types.ObjectId(match[2]) };
}

/** The filter for what comes after `cursor` in a list sorted by `field` and `_id`, both descending. */
export function afterCursor(field: string, cursor: string | undefined): Record<string, unknown> {
  if (cursor === undefined) return {};
  const { at, id } = decodeCursor(cursor);
  return { $or: [{ [field]: { $lt: at } }, { [field]: at, _id: { $lt: id } }] };
}

/** Cuts one item too many off `found` and says where the next page begins. */
export function toPage<Document extends { _id: Types.ObjectId }, Item>(
  found: Document[],
  limit: number,
  atOf: (document: Document) => Date,
  toItem: (document: Document) => Item,
): { items: Item[]; nextCursor: string | null } {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), nextCursor: found.length > limit && last ? encodeCursor(atOf(last), last._id) : null };
}
