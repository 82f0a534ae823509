/** Who finds which templates: the one place that says so, and every query goes through it. */
import { createHash } from "node:crypto";
import { Types } from "mongoose";
import type { TemplateTab } from "#core/contract/template-view.ts";
import type { TemplateViewer } from "./index.ts";

/** Words that no account's id can be. */
export const audiences = { global: "global", hidden: "global-hidden", deleted: "deleted" } as const;

/** The word for a template's place in the index. */
export const audienceOf = ({ ownerId, hidden }: { ownerId: string | null; hidden: boolean }): string =>
  ownerId ?? (hidden ? audiences.hidden : audiences.global);

/** The filter for what somebody sees of one tab. */
export function seenBy({ user, scopes }: TemplateViewer, tab: TemplateTab = "all"): { audience: string | { $in: string[] } } {
  const global = scopes.has("admin") ? [audiences.global, audiences.hidden] : [audiences.global];
  if (tab === "mine") return { audience: user.id };
  return { audience: { $in: tab === "global" ? global : [user.id, ...global] } };
}

/** The filter for what somebody may change, of what they see. */
export const changeableBy = (viewer: TemplateViewer): object => seenBy(viewer, viewer.scopes.has("admin") ? "all" : "mine");

/** The filter for everything that is there. */
export const standing = { audience: { $ne: audiences.deleted as string } } as const;

/** A built-in template's document id, made from its name: two processes that bring it at once make one. */
export const shippedId = (key: string): Types.ObjectId =>
  new Types.ObjectId(createHash("sha256").update(`template/${key}`).digest("hex").slice(0, 24));

/** The filter for an id as the outside knows it: a built-in one's name, or the document's own. */
export const named = (id: string): { _id: Types.ObjectId } => ({
  _id: /^[0-9a-f]{24}$/.test(id) ? new Types.ObjectId(id) : shippedId(id),
});
