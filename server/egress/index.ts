/**
 * The only way of an app to the Internet: an HTTP proxy (CONNECT and absolute form) on a Unix socket of each instance, which is
 * also how it knows whose request it is. On a cluster connections come through the door (server/door), which knows.
 *
 * Guarantees: an app reaches the hosts and ports that the administrator allows and nothing but public addresses, however they are
 * spelled or resolved; what is connected to is the address that was checked; a refusal says what would allow it, to the client and
 * once a minute in the app's log; hosts of other apps lead to the gateway, with no more rights than any visitor; a slow or hostile
 * side costs bounded memory, time and descriptors.
 *
 * Does not: look into TLS, keep what it passes on, or know users and the database (`rules` and `onRefused` are handed to it).
 */
import type { Socket } from "node:net";
import type { EgressRules } from "#core/egress-rules.ts";
import type { Resolve } from "./dial.ts";
import type { EgressLimits } from "./limits.ts";
import type { EgressReason } from "./policy.ts";
import type { EgressSetting } from "./refusal.ts";

export { createEgress } from "./egress.ts";
export { egressReasons, type EgressReason } from "./policy.ts";
export type { EgressLimits } from "./limits.ts";
export type { Resolve } from "./dial.ts";
export type { EgressSetting } from "./refusal.ts";

export interface EgressOptions {
  /** Asked for each request: a change counts at once, for connections that are yet to be made. */
  rules: () => EgressRules;
  /** Apps answer at `<slug>.<appsDomain>`; requests to them do not leave the machine. */
  appsDomain: string;
  publicUrl: string;
  /** Where the gateway listens, by address; null while it does not. */
  gateway: () => { host: string; port: number } | null;
  /** Told of each refusal that a rule stands behind. */
  onRefused: (refused: EgressRefused) => void;
  logger: { error(message: string, fields?: Record<string, unknown>): void };
  /** Default: the machine's name servers. */
  resolve?: Resolve;
  /**
   * Which addresses may be connected to; by default those of the public Internet, this machine's own excepted. A seam for tests, in
   * which a server on loopback stands for the Internet. No setting leads here.
   */
  isAllowedAddress?: (address: string) => boolean;
  limits?: Partial<EgressLimits>;
}

export interface EgressRefused {
  appId: string;
  host: string;
  port: number;
  reason: EgressReason;
  /** What the administrator would change to allow it; null when nothing does. */
  setting: EgressSetting | null;
  /** For the app's log; null when it was told a moment ago. */
  line: string | null;
}

/** One instance's way out. */
export interface EgressWay {
  /** Bytes from and to the app since it was opened. */
  readonly bytes: { readonly in: number; readonly out: number };
  /** Ends all of its connections. May be called twice. */
  close(): void;
}

/** One way out without a listening socket of its own: connections are handed to it. */
export interface EgressEntrance extends EgressWay {
  /** Connections that are open. */
  readonly connections: number;
  /**
   * Serves a connection that nobody has read from but for what was put back; it waits for the app's turn. False, and the connection
   * is ended, when there are too many.
   */
  take(socket: Socket): boolean;
}

export interface Egress {
  /** A way out of `appId`; all ways of an app share its limits. To be closed when it is not used any more. */
  enter(appId: string): EgressEntrance;
  /**
   * Listens at `socketPath` for one instance of `appId`; with `owner`, only that user (and root) may connect.
   * @throws the system's error when the path cannot be listened at.
   */
  open(socketPath: string, instance: { appId: string; owner: number | null }): Promise<EgressWay>;
  close(): void;
}
