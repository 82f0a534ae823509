import { z } from "zod";
import { createTokenSchema, meSchema, tokenSchema } from "../account.ts";
import { operation } from "./operation.ts";

const authUser = z.object({ id: z.string(), name: z.string(), email: z.string() });
const signedIn = z.object({ token: z.string(), user: authUser });
const signedInAnswer = { description: "The session: as cookie, and as `token` for `Authorization: Bearer`", schema: signedIn } as const;

export const accountOperations = {
  signUp: operation({
    id: "signUp",
    method: "post",
    path: "/api/auth/sign-up/email",
    summary: "Make an account",
    tag: "Accounts",
    scope: "none",
    body: z.object({ name: z.string().min(1), email: z.email(), password: z.string().min(8).max(256), setupCode: z.string().optional() }),
    delegated: true,
    answers: { 200: signedInAnswer },
    problems: ["signup_closed", "setup_code_required", "validation_failed", "rate_limited"],
  }),
  signIn: operation({
    id: "signIn",
    method: "post",
    path: "/api/auth/sign-in/email",
    summary: "Sign in",
    tag: "Accounts",
    scope: "none",
    body: z.object({ email: z.email(), password: z.string() }),
    delegated: true,
    answers: { 200: signedInAnswer },
    problems: ["unauthenticated", "rate_limited"],
  }),
  signOut: operation({
    id: "signOut",
    method: "post",
    path: "/api/auth/sign-out",
    summary: "End the session",
    tag: "Accounts",
    scope: "none",
    delegated: true,
    answers: { 200: { description: "Signed out", schema: z.object({ success: z.boolean() }) } },
    problems: [],
  }),
  getMe: operation({
    id: "getMe",
    method: "get",
    path: "/api/me",
    summary: "Who I am, what I may have and what I use",
    tag: "Accounts",
    scope: "read",
    answers: { 200: { description: "The caller", schema: meSchema } },
    problems: [],
  }),
  listTokens: operation({
    id: "listTokens",
    method: "get",
    path: "/api/tokens",
    summary: "My API tokens",
    tag: "Accounts",
    scope: "read",
    answers: {
      200: {
        description: "Tokens without their secret",
        schema: z.object({ items: z.array(tokenSchema), nextCursor: z.string().nullable() }),
      },
    },
    problems: [],
  }),
  createToken: operation({
    id: "createToken",
    method: "post",
    path: "/api/tokens",
    summary: "Make an API token; it is shown once",
    tag: "Accounts",
    scope: "change",
    body: createTokenSchema,
    showsSecret: true,
    answers: { 201: { description: "The token", schema: tokenSchema.extend({ token: z.string() }) } },
    problems: ["quota_exceeded"],
  }),
  deleteToken: operation({
    id: "deleteToken",
    method: "delete",
    path: "/api/tokens/:id",
    summary: "Revoke an API token",
    tag: "Accounts",
    scope: "change",
    params: z.object({ id: z.string() }),
    answers: { 204: { description: "Revoked" } },
    problems: ["not_found"],
  }),
} as const;
