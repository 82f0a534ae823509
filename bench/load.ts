/**
 * A constant load that waits for nobody (open loop): each request leaves at its time, whether or not earlier ones were answered, and
 * its latency counts from that time, so that a stall shows in every request that it delayed.
 */
import type { Answer } from "../tests/http.ts";

export interface LoadReport {
  sent: number;
  /** One line for each request that had no answer, or one that `isGood` refused. */
  failures: string[];
  /** ms from the moment a request was due to its answer's end. */
  latencies: number[];
}

export interface Load {
  /** Sends no more, waits for what is under way. */
  stop(): Promise<LoadReport>;
}

/** Calls `call` so many times a second until it is stopped. */
export function startLoad(
  perSecond: number,
  call: () => Promise<Answer>,
  isGood = (answer: Answer): boolean => answer.status === 200,
): Load {
  const report: LoadReport = { sent: 0, failures: [], latencies: [] };
  const under = new Set<Promise<void>>();
  const startedAt = performance.now();
  const dueAt = (turn: number): number => startedAt + (turn * 1_000) / perSecond;
  let timer: NodeJS.Timeout;

  const one = async (due: number): Promise<void> => {
    try {
      const answer = await call();
      report.latencies.push(performance.now() - due);
      if (!isGood(answer)) report.failures.push(`${answer.status} ${answer.text.slice(0, 200)}`);
    } catch (error) {
      report.failures.push(String(error));
    }
  };
  const sendDue = (): void => {
    for (; dueAt(report.sent) <= performance.now(); report.sent += 1) {
      const request = one(dueAt(report.sent)).finally(() => under.delete(request));
      under.add(request);
    }
    timer = setTimeout(sendDue, Math.max(1, dueAt(report.sent) - performance.now()));
  };
  sendDue();
  return {
    async stop() {
      clearTimeout(timer);
      await Promise.all(under);
      return report;
    },
  };
}
