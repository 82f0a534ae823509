/**
 * `node election-contender.ts <namespace> <identity> <clock offset in ms>`: stands for leadership and says when it leads and when no more.
 * A process of its own, so that it can be killed like one. Ends, with its lease given back, at SIGTERM.
 */
import { createClusterClient } from "#server/runtime/kubernetes/client.ts";
import { holdLeadership } from "#server/runtime/kubernetes/election.ts";

const [namespace = "", identity = "", offset = "0"] = process.argv.slice(2);
const now = Date.now.bind(Date);
const skewMs = Number(offset);
const RealDate = Date;
// Another machine's clock: everything that it writes shows this time.
globalThis.Date = class extends RealDate {
  constructor() {
    super(now() + skewMs);
  }
  static override now = (): number => now() + skewMs;
} as DateConstructor;

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const client = await createClusterClient({ namespace });
const say = (word: string): void => void process.stdout.write(`${word} ${now()}\n`);
// Ten times as fast as it is in earnest.
const pace = { leaseMs: 3_000, renewDeadlineMs: 2_000, retryMs: 300 };
const onLead = async (signal: AbortSignal): Promise<void> => {
  say("leads");
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  say("ended");
};
const keepAlive = setInterval(() => undefined, 1_000);
await holdLeadership({ client, name: "leader", identity, onLead, ...pace }, stop.signal);
clearInterval(keepAlive);
client.close();
