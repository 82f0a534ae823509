import { z } from "zod";

/** A page of a list: keyset paging, newest first unless the operation says otherwise. */
export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

export const pageOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** `?limit=` (default 50, most 200) and `?cursor=` of every list. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});
export interface PageQuery {
  limit: number;
  cursor?: string | undefined;
}
