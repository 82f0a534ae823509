/** Asks an app again and again over one kept connection: sees a change within a few ms and costs little beside what is measured. */
import { Agent, request } from "node:http";

export interface Probe {
  ask(): Promise<{ status: number; text: string }>;
  close(): void;
}

/** A probe of `path` at 127.0.0.1:`port` for `host`. */
export function openProbe(port: number, host: string, path: string): Probe {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    ask: () =>
      new Promise((resolve, reject) => {
        const sent = request({ host: "127.0.0.1", port, path, agent, headers: { host }, timeout: 30_000 }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("end", () => resolve({ status: response.statusCode!, text })).on("error", reject);
        });
        sent.on("timeout", () => sent.destroy(new Error("no answer within 30 s"))).on("error", reject);
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}
