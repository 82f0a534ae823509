/** What pages, actions and the API are given. The composition root beside it is the only code that names adapters. */
import type { Accounts } from "./accounts/index.ts";
import type { Apps } from "./apps/index.ts";
import type { Databases } from "./databases/index.ts";
import type { Deployments } from "./deployments/index.ts";
import type { Gateway } from "./gateway/index.ts";
import type { Logs } from "./logs/index.ts";
import type { Requests } from "./requests/index.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { Templates } from "./templates/index.ts";
import type { Config } from "./config.ts";

export interface Services {
  config: Config;
  accounts: Accounts;
  apps: Apps;
  databases: Databases;
  deployments: Deployments;
  gateway: Gateway;
  logs: Logs;
  requests: Requests;
  templates: Templates;
  runtime: Runtime;
  /** Aborts when the platform stops: ends streams. */
  stopping: AbortSignal;
}
