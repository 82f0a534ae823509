/**
 * What administrators decide for the whole installation while it runs.
 * Guarantees: what is read is at most a moment older than what any process wrote, without a query; what was never set has its default;
 * a database that is away changes nothing about what was read last.
 * Does not say who may change it: the API's `admin` scope does.
 */
import type { EgressRules } from "#core/egress-rules.ts";

export { createSettings } from "./settings.ts";

export interface Settings {
  /** The rules as they are known now. */
  egress(): EgressRules;
  /** Replaces the rules, for connections that are made from now on, and gives them as they are kept: each entry once, in one spelling. */
  putEgress(rules: EgressRules): Promise<EgressRules>;
  /** What apps may import beside the standard library, the built-in packages and their own files: sorted, each once. */
  imports(): readonly string[];
  putImports(names: readonly string[]): Promise<readonly string[]>;
  /** Reads what is set and follows changes of other processes until `signal` aborts. */
  start(signal: AbortSignal): Promise<void>;
}
