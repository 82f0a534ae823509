/** The sockets that a forked instance connects to the platform with, and when it is whole. */
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { z } from "zod";

const channelNames = ["lifeline", "control", "stdout", "stderr"] as const;
type ChannelName = (typeof channelNames)[number];

/** A forked instance: it waits in its init until `go`, so that it can be put into its cgroup first. */
export interface Birth {
  /** The first process of the instance; all others of it end with this one. */
  readonly pid: number;
  readonly channels: Readonly<Record<ChannelName, Socket>>;
  go(): void;
}

/** One instance that is not whole yet. */
export interface Pending {
  pid: number | null;
  channels: Partial<Record<ChannelName, Socket>>;
  settle(error: Error | null): void;
}

const headerSchema = z.object({ instance: z.string(), channel: z.enum(channelNames) });
const longestHeaderBytes = 256;

/** Settles a birth once the number of its process and all of its channels are known. */
export function completeBirth(pending: Pending): void {
  if (pending.pid !== null && channelNames.every((name) => pending.channels[name] !== undefined)) pending.settle(null);
}

/** Where instances connect their channels to; each begins with a line that says whose and which it is. */
export async function listenForBirths(socketPath: string, pendings: ReadonlyMap<string, Pending>): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    const taken: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      const at = chunk.indexOf(10);
      taken.push(at === -1 ? chunk : chunk.subarray(0, at));
      bytes += chunk.length;
      if (at === -1) {
        if (bytes > longestHeaderBytes) socket.destroy();
        return;
      }
      socket.pause();
      socket.off("data", onData);
      const rest = chunk.subarray(at + 1);
      if (rest.length > 0) socket.unshift(rest);
      introduce(socket, Buffer.concat(taken).toString(), pendings);
    };
    socket.on("data", onData);
  });
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return server;
}

function introduce(socket: Socket, header: string, pendings: ReadonlyMap<string, Pending>): void {
  try {
    const { instance, channel } = headerSchema.parse(JSON.parse(header));
    const pending = pendings.get(instance);
    if (pending && pending.channels[channel] === undefined) {
      pending.channels[channel] = socket;
      completeBirth(pending);
      return;
    }
  } catch {
    // Whatever this was, it is no instance that we asked for.
  }
  socket.destroy();
}
