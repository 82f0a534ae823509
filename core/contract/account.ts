import { z } from "zod";

export const roleSchema = z.enum(["user", "admin"]);
export type Role = z.infer<typeof roleSchema>;

export const scopeSchema = z.enum(["read", "run", "change", "admin"]);
export type Scope = z.infer<typeof scopeSchema>;

export const userSchema = z.object({ id: z.string(), name: z.string(), email: z.string(), role: roleSchema });
export type User = z.infer<typeof userSchema>;

export const meSchema = userSchema.extend({
  limits: z.object({ apps: z.number().int(), databaseBytes: z.number() }),
  usage: z.object({ apps: z.number().int(), databaseBytes: z.number() }),
});
export type Me = z.infer<typeof meSchema>;

export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(scopeSchema),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
});
export type Token = z.infer<typeof tokenSchema>;

export const createTokenSchema = z
  .object({
    name: z.string().trim().min(1).max(80),
    scopes: z.array(scopeSchema).min(1).optional(),
    expiresInDays: z.number().int().min(1).max(3650).optional(),
  })
  .strict();
export type CreateTokenInput = z.infer<typeof createTokenSchema>;
