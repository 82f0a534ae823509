import { betterAuth } from "better-auth";
import { mongodbAdapter } from "better-auth/adapters/mongodb";
import { APIError, createAuthMiddleware } from "better-auth/api";
import { bearer } from "better-auth/plugins";
import type { Storage } from "#server/storage/index.ts";
import type { FirstAdmin } from "./first-admin.ts";
import type { RateLimits } from "./rate-limits.ts";
import { hashPassword, verifyPassword } from "./password.ts";

/** The header in which the HTTP edge names the visitor's address; it removes one that came from outside. */
export const clientAddressHeader = "x-fp-client-ip";

export interface AuthOptions {
  storage: Storage;
  firstAdmin: FirstAdmin;
  publicUrl: string;
  secret: string;
  signupOpen: () => boolean;
  setupCodeRequired: boolean;
  /** Where attempts are counted when other processes count them too; in memory without. */
  rateLimits?: RateLimits | undefined;
}

/** better-auth, configured: e-mail and password with argon2id, bearer tokens for sessions, roles given here. */
export function createAuth({ storage, firstAdmin, publicUrl, secret, signupOpen, setupCodeRequired, rateLimits }: AuthOptions) {
  return betterAuth({
    baseURL: publicUrl,
    basePath: "/api/auth",
    secret,
    trustedOrigins: [publicUrl],
    telemetry: { enabled: false },
    // It logs expected refusals as errors; what is a bug is thrown and reported by the edge, with the request id.
    logger: { disabled: true },
    database: mongodbAdapter(storage.connection.db! as never, {
      client: storage.client as never,
      usePlural: true,
      transaction: storage.replicated,
    }),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      maxPasswordLength: 256,
      password: { hash: hashPassword, verify: verifyPassword },
    },
    user: { additionalFields: { role: { type: "string", input: false, defaultValue: "user" } } },
    session: { expiresIn: 60 * 60 * 24 * 30, updateAge: 60 * 60 * 24 },
    advanced: {
      cookiePrefix: "fp",
      useSecureCookies: publicUrl.startsWith("https:"),
      ipAddress: { ipAddressHeaders: [clientAddressHeader] },
    },
    rateLimit: {
      enabled: true,
      window: 60,
      max: 600,
      ...(rateLimits ? { customStorage: rateLimits } : {}),
      customRules: { "/sign-in/email": { window: 60, max: 60 }, "/sign-up/email": { window: 60, max: 60 } },
    },
    hooks: {
      before: createAuthMiddleware(async (context) => {
        if (context.path !== "/sign-up/email") return;
        if (await firstAdmin.claimed()) {
          if (!signupOpen())
            throw new APIError("FORBIDDEN", {
              code: "signup_closed",
              message: "Sign-up is closed on this installation. Ask its administrator for an account.",
            });
          return;
        }
        const code = (context.body as { setupCode?: unknown } | undefined)?.setupCode;
        if (setupCodeRequired && !(typeof code === "string" && (await firstAdmin.isSetupCode(code)))) {
          throw new APIError("FORBIDDEN", {
            code: "setup_code_required",
            message: "The first account needs the setup code that the platform wrote to its log at start.",
          });
        }
      }),
    },
    databaseHooks: {
      user: { create: { before: async (user) => ({ data: { ...user, role: (await firstAdmin.claim()) ? "admin" : "user" } }) } },
    },
    plugins: [bearer()],
  });
}

export type Auth = ReturnType<typeof createAuth>;
