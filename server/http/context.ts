/**
 * What server/app.ts gives to every page request: the services, who asks, the page's nonce.
 * Loaders and actions read it by `context.get(…)`; nothing here reaches the browser.
 */
import { createContext, type RouterContextProvider } from "react-router";
import type { Caller } from "#server/accounts/index.ts";
import type { Services } from "#server/services.ts";
import type { Logger } from "./logger.ts";

/** What this request is, as people see its address (React Router's own `.data` suffix is taken off). */
export interface Visit {
  requestId: string;
  /** Path and query of the page, to come back to after signing in. */
  path: string;
  logger: Logger;
}

export const servicesContext = createContext<Services>();
/** The nonce of this page's Content-Security-Policy: for every `<script>`, `<ServerRouter>` and the stream renderer. */
export const nonceContext = createContext<string>();
export const visitContext = createContext<Visit>();
/** Finds who asks, once per request and only when somebody wants to know. Prefer `requireUser` and `findUser` of route.ts. */
export const callerContext = createContext<() => Promise<Caller | null>>();

export type PageContext = Readonly<RouterContextProvider>;
