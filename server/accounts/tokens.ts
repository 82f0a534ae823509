import { createHash, randomBytes } from "node:crypto";
import type { Connection } from "mongoose";
import { Types } from "mongoose";
import type { CreateTokenInput, Scope, Token } from "#core/contract/account.ts";
import { AppError } from "#core/contract/problem.ts";
import { tokenModel, type TokenDocument } from "./models.ts";

export const tokenPrefix = "fp_";

/** How long a checked token is believed without asking again, and so how long another web process may honour a revoked one. */
const cacheMs = 10_000;
const cacheSize = 5_000;

export interface TokenOwner {
  userId: string;
  scopes: ReadonlySet<Scope>;
}

export interface Tokens {
  list(userId: string): Promise<Token[]>;
  create(userId: string, input: CreateTokenInput & { scopes: Scope[] }): Promise<Token & { token: string }>;
  remove(userId: string, tokenId: string): Promise<void>;
  /** Whose token this is, or null; answered from memory for `cacheMs`. */
  find(token: string): Promise<TokenOwner | null>;
}

export function createTokens(connection: Connection): Tokens {
  const model = tokenModel(connection);
  const cache = new Map<string, { owner: TokenOwner; until: number }>();
  return {
    async list(userId) {
      const tokens = await model.find({ userId }).sort({ createdAt: -1 }).limit(200).lean();
      return tokens.map((token) => toToken(token));
    },
    async create(userId, input) {
      const token = tokenPrefix + randomBytes(32).toString("base64url");
      const createdAt = new Date();
      const expiresAt = input.expiresInDays === undefined ? null : new Date(createdAt.getTime() + input.expiresInDays * 86_400_000);
      const created = await model.create({ userId, name: input.name, hash: hashOf(token), scopes: input.scopes, createdAt, expiresAt });
      return { ...toToken(created.toObject()), token };
    },
    async remove(userId, tokenId) {
      const removed = Types.ObjectId.isValid(tokenId) ? await model.findOneAndDelete({ _id: tokenId, userId }).lean() : null;
      if (!removed) throw new AppError("not_found", "There is no such token. It may have been revoked already.");
      cache.delete(removed.hash);
    },
    async find(token) {
      const hash = hashOf(token);
      const known = cache.get(hash);
      if (known && known.until > Date.now()) return known.owner;
      const found = await model.findOne({ hash }).lean();
      if (!found || (found.expiresAt && found.expiresAt.getTime() <= Date.now())) return null;
      const owner = { userId: found.userId, scopes: new Set(found.scopes) };
      if (cache.size >= cacheSize) cache.clear();
      cache.set(hash, { owner, until: Math.min(Date.now() + cacheMs, found.expiresAt?.getTime() ?? Infinity) });
      return owner;
    },
  };
}

const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64url");

function toToken(document: TokenDocument & { _id: Types.ObjectId }): Token {
  return {
    id: String(document._id),
    name: document.name,
    scopes: [...document.scopes],
    createdAt: document.createdAt.toISOString(),
    expiresAt: document.expiresAt?.toISOString() ?? null,
  };
}
