/**
 * The folder of each instance: its sockets and its code. The path of a Unix socket may have 107 bytes, so a long DATA_DIR gets
 * its folders under the system's temporary folder, found again at the next start by a link in DATA_DIR.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { findStartTime, killIfSame } from "./process-id.ts";
import { accountFiles } from "./sandbox.ts";

const longestSocketPath = 107;
const prefix = "fp-run-";
const nobody = 65_534;
/** "/" + 16 of the id + "/egress.sock". */
const longestTail = 29;

export interface RunFolder {
  readonly instanceId: string;
  readonly path: string;
  /** Remembers the process, so that the next start can end it if this platform is killed. */
  record(pid: number): void;
  remove(): Promise<void>;
}

export interface RunFolders {
  /** Holds `hosts`, and `passwd` and `group` for whoever has none of its own. */
  readonly home: string;
  /** The folder of all instances' folders. */
  readonly root: string;
  /** Where forked instances connect to the platform. */
  readonly zygoteSocketPath: string;
  create(userId: number): RunFolder;
  close(): Promise<void>;
}

/** Opens `dataDir/run`, ending and clearing whatever a killed platform left in it. Only one platform may use a DATA_DIR. */
export function openRunFolders(dataDir: string, hosts: string): RunFolders {
  const home = join(dataDir, "run");
  const shortcut = join(home, "elsewhere");
  clearStale(home, shortcut);
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o711);
  const elsewhere = Buffer.byteLength(home) + longestTail > longestSocketPath;
  const root = elsewhere ? mkdtempSync(join(tmpdir(), prefix)) : home;
  if (elsewhere) {
    chmodSync(root, 0o711);
    symlinkSync(root, shortcut);
  }
  for (const [name, text] of Object.entries({ hosts, ...accountFiles(nobody) })) writeReadable(join(home, name), text);
  return {
    home,
    root,
    zygoteSocketPath: join(root, "zygote.sock"),
    create: (userId) => createFolder(home, root, userId),
    close: async () => {
      await rm(home, { recursive: true, force: true });
      if (elsewhere) await rm(root, { recursive: true, force: true });
    },
  };
}

/** For users other than ours, whatever our umask is. */
function writeReadable(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o644);
}

function createFolder(home: string, root: string, userId: number): RunFolder {
  const instanceId = randomBytes(8).toString("hex");
  const path = join(root, instanceId);
  const recordPath = join(home, `${instanceId}.pid`);
  mkdirSync(path);
  chmodSync(path, 0o755);
  for (const [name, text] of Object.entries(accountFiles(userId))) writeReadable(join(path, name), text);
  return {
    instanceId,
    path,
    record: (pid) => writeFileSync(recordPath, `${pid} ${findStartTime(pid) ?? "-"}`),
    remove: async () => {
      await rm(path, { recursive: true, force: true });
      await rm(recordPath, { force: true });
    },
  };
}

function clearStale(home: string, shortcut: string): void {
  let names: string[];
  try {
    names = readdirSync(home);
  } catch {
    return;
  }
  for (const name of names) {
    if (!name.endsWith(".pid")) continue;
    const [pid, startTime] = readFileSync(join(home, name), "utf8").split(" ");
    if (startTime) killIfSame(Number(pid), startTime);
  }
  const elsewhere = findShortcut(shortcut);
  if (elsewhere) rmSync(elsewhere, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}

/** The link's target, if it is a folder as this module makes them and not whatever someone put there. */
function findShortcut(shortcut: string): string | null {
  try {
    const target = readlinkSync(shortcut);
    const ours = dirname(target) === tmpdir() && basename(target).startsWith(prefix) && statSync(target).uid === process.getuid?.();
    return ours ? target : null;
  } catch {
    return null;
  }
}
