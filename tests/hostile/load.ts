/**
 * A visitor of one app in a process of its own, so that what the test does meanwhile does not delay it: asks at a constant rate,
 * whether the last answer has come or not, and prints one line per answer. `node load.ts <port> <host> <requests a second>`
 */
import { fork, type ChildProcess } from "node:child_process";
import { request } from "node:http";
import { fileURLToPath } from "node:url";

/** Times are of `Date.now()`: the same clock in both processes. */
export interface Sample {
  sentAt: number;
  ms: number;
  ok: boolean;
}

export interface Load extends AsyncDisposable {
  /** What was asked from `from` on, as far as it is answered. */
  since(from: number): Sample[];
}

/** Begins to ask `host` at 127.0.0.1:`port`; ends with the object. */
export function startLoad(port: number, host: string, perSecond: number): Load {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [String(port), host, String(perSecond)]);
  const samples: Sample[] = [];
  child.on("message", (sample) => void samples.push(sample as Sample));
  return {
    since: (from) => samples.filter(({ sentAt }) => sentAt >= from),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
    },
  };
}

/** The time within which 95 of 100 were answered; a request without an answer counts as one that took for ever. */
export function p95(samples: readonly Sample[]): number {
  const sorted = samples.map(({ ok, ms }) => (ok ? ms : Infinity)).toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
}

function ask(port: number, host: string): void {
  const sentAt = Date.now();
  const started = performance.now();
  const tell = (ok: boolean) => process.send?.({ sentAt, ms: performance.now() - started, ok } satisfies Sample);
  const sent = request({ host: "127.0.0.1", port, path: "/", headers: { host }, agent: false, timeout: 20_000 }, (response) => {
    response.resume();
    response.on("end", () => tell(response.statusCode === 200));
    response.on("error", () => tell(false));
  });
  sent.on("timeout", () => sent.destroy(new Error("no answer")));
  sent.on("error", () => tell(false));
  sent.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, host, perSecond] = process.argv.slice(2);
  setInterval(() => ask(Number(port), host!), 1000 / Number(perSecond));
  process.once("disconnect", () => process.exit());
}
