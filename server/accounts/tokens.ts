import { createHash, randomBytes } from "node:crypto";
import { Types } from "mongoose";
import type { CreateTokenInput, Scope, Token } from "#core/contract/account.ts";
import { AppError } from "#core/contract/problem.ts";
import { watchCollection, type Storage } from "#server/storage/index.ts";
import { tokenModel, type TokenDocument } from "./models.ts";

export const tokenPrefix = "fp_";

/** How long a checked token is believed without asking again. */
const cacheMs = 10_000;
/** The same where other processes may revoke it and we do not hear of it. */
const unheardMs = 1_000;
const cacheSize = 5_000;

export interface TokenOwner {
  userId: string;
  scopes: ReadonlySet<Scope>;
}

export interface Tokens {
  list(userId: string): Promise<Token[]>;
  create(userId: string, input: CreateTokenInput & { scopes: Scope[] }): Promise<Token & { token: string }>;
  remove(userId: string, tokenId: string): Promise<void>;
  /** Whose token this is, or null; answered from memory for a while. */
  find(token: string): Promise<TokenOwner | null>;
  /** From now on other processes revoke tokens too: hears of it until `signal` aborts. */
  follow(signal: AbortSignal): void;
}

export function createTokens({ connection, replicated }: Storage): Tokens {
  const model = tokenModel(connection);
  const cache = new Map<string, { owner: TokenOwner; until: number }>();
  let believedMs = cacheMs;
  /** Counts what makes an answer of the database old that is under way. */
  let changes = 0;
  const forgetAll = (): void => {
    changes += 1;
    cache.clear();
  };
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
      changes += 1;
      cache.delete(removed.hash);
    },
    async find(token) {
      const hash = hashOf(token);
      const known = cache.get(hash);
      if (known && known.until > Date.now()) return known.owner;
      const before = changes;
      const found = await model.findOne({ hash }).lean();
      if (!found || (found.expiresAt && found.expiresAt.getTime() <= Date.now())) return null;
      const owner = { userId: found.userId, scopes: new Set(found.scopes) };
      if (cache.size >= cacheSize) cache.clear();
      if (before === changes) cache.set(hash, { owner, until: Math.min(Date.now() + believedMs, found.expiresAt?.getTime() ?? Infinity) });
      return owner;
    },
    follow(signal) {
      believedMs = unheardMs;
      // Polling sees no deletions.
      if (!replicated) return;
      const onHearing = (): void => {
        forgetAll();
        believedMs = cacheMs;
      };
      const onDeaf = (): void => {
        forgetAll();
        believedMs = unheardMs;
      };
      void watchCollection(model as never, { replicated, signal, onChange: forgetAll, onHearing, onDeaf });
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
