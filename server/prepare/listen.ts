/** Finding a port to listen on. */
import { connect } from "node:net";
import type { Server } from "node:http";

/** Callers that the kernel keeps for a moment in which we do not listen. Node's own 511 refuses half of a thousand at once, for a second and more. */
const backlog = 4_096;
/** How far to look beyond a taken port. */
const usualTries = 50;

/**
 * Listens on `port`, or on the first free one of the `tries` from it on, and gives the one it got.
 * @throws the system's error for anything but a taken port.
 */
export async function listenNear(server: Server, host: string, port: number, tries = usualTries): Promise<number> {
  for (let candidate = port; candidate < Math.min(port + tries, 65_536); candidate += 1) {
    // A browser may try [::1] first for "localhost": who listens there would get our visitors.
    if (isLoopback(host) && (await answers("::1", candidate))) continue;
    try {
      await listen(server, host, candidate);
      return candidate;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  if (tries === 1) throw new Error("The port is taken");
  throw new Error(`The ports ${port} to ${port + tries - 1} are all taken; choose another with PORT`);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(error);
    server.once("error", refuse);
    server.listen({ port, host, backlog }, () => {
      server.off("error", refuse);
      resolve();
    });
  });
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(200, () => settle(false));
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

export function isLoopback(host: string): boolean {
  return ["127.0.0.1", "::1", "localhost"].includes(host);
}
