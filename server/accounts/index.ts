/**
 * Who may come in: sign-up, sign-in, sessions, API tokens, roles. better-auth does the work behind it.
 * Guarantees: exactly one first admin; tokens are kept as hashes only. Does not decide what a caller may do with an app: every domain scopes by owner.
 */
export { createAccounts } from "./accounts.ts";
export { clientAddressHeader } from "./auth.ts";
export { resetAdmin } from "./reset-admin.ts";

import type { CreateTokenInput, Scope, Token, User } from "#core/contract/account.ts";

/** Who asks, and with what rights. A session has every scope its role allows. */
export interface Caller {
  user: User;
  scopes: ReadonlySet<Scope>;
  via: "session" | "token";
}

export interface SignUpState {
  open: boolean;
  /** No account exists yet: the next one becomes admin. */
  first: boolean;
  /** The first sign-up must carry the one-time code from the log. */
  setupCodeRequired: boolean;
}

export interface Accounts {
  /** Answers better-auth's own paths under `/api/auth`. */
  handleAuth(request: Request): Promise<Response>;
  /** The caller by session cookie or `Authorization: Bearer`, or null. */
  findCaller(headers: Headers): Promise<Caller | null>;
  signUpState(): Promise<SignUpState>;
  /** For the pages' forms. Answers the `Set-Cookie` values to pass on. @throws AppError `validation_failed` with field problems, `signup_closed`, `setup_code_required`, `rate_limited`. */
  signUp(
    input: { name: string; email: string; password: string; setupCode?: string | undefined },
    request: Request,
  ): Promise<{ user: User; setCookies: string[] }>;
  signIn(input: { email: string; password: string }, request: Request): Promise<{ user: User; setCookies: string[] }>;
  signOut(request: Request): Promise<{ setCookies: string[] }>;
  listTokens(userId: string): Promise<Token[]>;
  createToken(caller: Caller, input: CreateTokenInput): Promise<Token & { token: string }>;
  deleteToken(userId: string, tokenId: string): Promise<void>;
  /** Hears of tokens that other processes revoke, where there are any, until `signal` aborts. */
  follow(signal: AbortSignal): void;
  /** For the log while there is no account: what the first one needs; null when it needs nothing. */
  setupNotice(): Promise<string | null>;
  findUser(userId: string): Promise<User | null>;
  /** Display names by user id, for histories. */
  namesOf(userIds: readonly string[]): Promise<Map<string, string>>;
}
