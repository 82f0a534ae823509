import { Types } from "mongoose";
import { scopeSchema, type Scope, type User } from "#core/contract/account.ts";
import { AppError, type FieldProblem, type ProblemCode } from "#core/contract/problem.ts";
import type { Storage, Vault } from "#server/storage/index.ts";
import { createAuth, type Auth } from "./auth.ts";
import { createFirstAdmin } from "./first-admin.ts";
import type { Accounts } from "./index.ts";
import { prepareAuthCollections, tokenModel } from "./models.ts";
import { createRateLimits } from "./rate-limits.ts";
import { createTokens, tokenPrefix, type Tokens } from "./tokens.ts";

export interface AccountsOptions {
  storage: Storage;
  vault: Vault;
  publicUrl: string;
  signup: "open" | "closed";
  /** Anyone may reach this installation: the first sign-up needs a code. */
  setupCodeRequired: boolean;
  /** That code, where the administrator gave one. */
  setupCode?: string | undefined;
  /** Other processes answer sign-ins too: what is counted is counted in the database. */
  shared?: boolean;
}

/** Makes the accounts domain; its collections and indexes exist when this resolves. */
export async function createAccounts(options: AccountsOptions): Promise<Accounts> {
  const { storage } = options;
  await prepareAuthCollections(storage.connection);
  const token = tokenModel(storage.connection);
  await token.createCollection();
  await token.syncIndexes();
  const firstAdmin = createFirstAdmin(storage.connection, options.vault.derive("setup-code"), options.setupCode);
  const auth = createAuthWithCauses(storage, {
    storage,
    firstAdmin,
    publicUrl: options.publicUrl,
    secret: options.vault.derive("better-auth"),
    signupOpen: () => options.signup === "open",
    setupCodeRequired: options.setupCodeRequired,
    rateLimits: options.shared ? await createRateLimits(storage.connection) : undefined,
  });
  const tokens = createTokens(storage);
  const users = storage.connection.db!.collection("users");

  const findUser = async (id: string): Promise<User | null> => {
    const user = Types.ObjectId.isValid(id) ? await users.findOne({ _id: new Types.ObjectId(id) }) : null;
    return user && toUser({ ...user, id: String(user._id) });
  };

  return {
    handleAuth: (request) => auth.handler(request),
    findCaller: (headers) => findCaller(auth, tokens, findUser, headers),
    findUser,
    async signUpState() {
      const first = !(await firstAdmin.claimed());
      return { open: first || options.signup === "open", first, setupCodeRequired: first && options.setupCodeRequired };
    },
    signUp: (input, request) => callAuth(auth, request, "/sign-up/email", input),
    signIn: (input, request) => callAuth(auth, request, "/sign-in/email", input),
    async signOut(request) {
      const { setCookies } = await postAuth(auth, request, "/sign-out", {});
      return { setCookies };
    },
    listTokens: (userId) => tokens.list(userId),
    async createToken(caller, input) {
      const allowed = scopesOf(caller.user.role).filter((scope) => caller.scopes.has(scope));
      const scopes = input.scopes ?? allowed;
      const excess = scopes.filter((scope) => !allowed.includes(scope));
      if (excess.length > 0)
        throw new AppError("forbidden", `You cannot give a token the scope ${excess.join(", ")}: you do not have it yourself.`);
      return tokens.create(caller.user.id, { ...input, scopes });
    },
    deleteToken: (userId, tokenId) => tokens.remove(userId, tokenId),
    follow: (signal) => (options.shared ? tokens.follow(signal) : undefined),
    async setupNotice() {
      if (!options.setupCodeRequired || (await firstAdmin.claimed())) return null;
      const code = options.setupCode === undefined ? await firstAdmin.setupCode() : "the one that was given in SETUP_CODE";
      return `The first account becomes the administrator. Its setup code: ${code}`;
    },
    async namesOf(userIds) {
      const ids = [...new Set(userIds)].filter((id) => Types.ObjectId.isValid(id)).map((id) => new Types.ObjectId(id));
      const found = await users.find({ _id: { $in: ids } }, { projection: { name: 1 } }).toArray();
      return new Map(found.map((user) => [String(user._id), String(user["name"])]));
    },
  };
}

/** better-auth answers a lost database as any bug, 500 without the cause: then the database is asked, and what it says is thrown. */
function createAuthWithCauses({ connection }: Storage, options: Parameters<typeof createAuth>[0]): AuthCalls {
  const auth = createAuth(options);
  const ask = (): Promise<unknown> => connection.db!.command({ ping: 1 });
  return {
    async handler(request) {
      const response = await auth.handler(request);
      if (response.status >= 500) await ask();
      return response;
    },
    async getSession(headers) {
      try {
        return await auth.api.getSession({ headers });
      } catch (error) {
        await ask();
        throw error;
      }
    },
  };
}

interface AuthCalls {
  handler(request: Request): Promise<Response>;
  getSession(headers: Headers): ReturnType<Auth["api"]["getSession"]>;
}

const scopesOf = (role: User["role"]): Scope[] => scopeSchema.options.filter((scope) => scope !== "admin" || role === "admin");

const toUser = (user: { id: string; name?: unknown; email?: unknown; role?: unknown }): User => ({
  id: user.id,
  name: String(user.name),
  email: String(user.email),
  role: user.role === "admin" ? "admin" : "user",
});

async function findCaller(
  auth: AuthCalls,
  tokens: Tokens,
  findUser: (id: string) => Promise<User | null>,
  headers: Headers,
): ReturnType<Accounts["findCaller"]> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (bearer?.startsWith(tokenPrefix)) {
    const owner = await tokens.find(bearer);
    const user = owner && (await findUser(owner.userId));
    if (!owner || !user) return null;
    const allowed = scopesOf(user.role);
    return { user, scopes: new Set([...owner.scopes].filter((scope) => allowed.includes(scope))), via: "token" };
  }
  if (!bearer && !headers.has("cookie")) return null;
  const session = await auth.getSession(headers);
  if (!session) return null;
  const user = toUser(session.user);
  return { user, scopes: new Set(scopesOf(user.role)), via: bearer ? "token" : "session" };
}

/** Runs one of better-auth's own paths in process, so that pages and API share its checks, limits and cookies. */
async function postAuth(
  auth: AuthCalls,
  request: Request,
  path: string,
  body: object,
): Promise<{ body: Record<string, unknown>; setCookies: string[] }> {
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json");
  headers.delete("content-length");
  const response = await auth.handler(
    new Request(new URL(`/api/auth${path}`, request.url), { method: "POST", headers, body: JSON.stringify(body) }),
  );
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (!response.ok) throw toAppError(response, answer);
  return { body: answer, setCookies: response.headers.getSetCookie() };
}

async function callAuth(auth: AuthCalls, request: Request, path: string, input: object): Promise<{ user: User; setCookies: string[] }> {
  const { body, setCookies } = await postAuth(auth, request, path, input);
  return { user: toUser(body["user"] as { id: string }), setCookies };
}

/** better-auth's refusals as ours; the field names the input that the form should mark. */
const refusals: Record<string, { code: ProblemCode; field?: string; message: string }> = {
  signup_closed: { code: "signup_closed", message: "Sign-up is closed on this installation. Ask its administrator for an account." },
  setup_code_required: {
    code: "setup_code_required",
    field: "setupCode",
    message: "Enter the setup code that the platform wrote to its log at start, or that its administrator chose.",
  },
  USER_ALREADY_EXISTS: { code: "validation_failed", field: "email", message: "There is an account with this address. Sign in instead." },
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: {
    code: "validation_failed",
    field: "email",
    message: "There is an account with this address. Sign in instead.",
  },
  INVALID_EMAIL: { code: "validation_failed", field: "email", message: "This is not an e-mail address." },
  PASSWORD_TOO_SHORT: { code: "validation_failed", field: "password", message: "Use at least 8 characters." },
  PASSWORD_TOO_LONG: { code: "validation_failed", field: "password", message: "Use at most 256 characters." },
  INVALID_EMAIL_OR_PASSWORD: { code: "validation_failed", field: "password", message: "The address or the password is not right." },
};

function toAppError(response: Response, answer: Record<string, unknown>): AppError {
  const refusal = refusals[String(answer["code"])];
  if (refusal) {
    const problems: FieldProblem[] = refusal.field ? [{ path: refusal.field, message: refusal.message }] : [];
    return new AppError(refusal.code, refusal.message, { problems });
  }
  if (response.status === 429)
    return new AppError("rate_limited", "Too many attempts. Wait a minute and try again.", { retryAfterSeconds: 60 });
  const message = typeof answer["message"] === "string" ? answer["message"] : "The account service refused this.";
  return new AppError(response.status === 403 ? "forbidden" : "validation_failed", message);
}
