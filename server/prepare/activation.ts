/** Taking over a listening socket (systemd's socket activation), so that a restart refuses nobody: the kernel lets callers wait. */
import type { Server } from "node:http";

/** The first descriptor behind standard input, output and error, by convention. */
const firstFd = 3;

/**
 * Whether this process was given a listening socket. Takes the word from the environment, so that no child believes it was meant.
 * @throws Error when it was given more than one: nobody knows which is for visitors.
 */
export function takeInheritedSocket(environment: NodeJS.ProcessEnv, pid: number): number | null {
  const { LISTEN_FDS: count, LISTEN_PID: meant } = environment;
  for (const name of ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"]) delete environment[name];
  if (count === undefined || Number(meant) !== pid) return null;
  if (count !== "1")
    throw new Error(`${count} sockets were handed over; the platform listens on one. Leave one ListenStream in the socket unit`);
  return firstFd;
}

/** Begins to take connections from an inherited socket. @throws Error when it is none, or listens on another port than `port`. */
export async function listenOnInherited(server: Server, fd: number, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ fd }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  if (address !== null && typeof address === "object" && address.port !== port)
    throw new Error(`The socket that was handed over listens on port ${address.port}, and PORT says ${port}: set PORT=${address.port}`);
}
