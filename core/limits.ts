/**
 * Every limit of the product, in one place, with its unit in the name and its reason beside it.
 * KB and MB are 1,000 and 1,000,000 bytes, as file managers count; MiB is used where the kernel counts so.
 */

/** What one app's bundle may hold. Small on purpose: it travels to a runner at each wake, and a cluster keeps it in a ConfigMap (1 MiB at most). */
export const bundleLimits = {
  /** A small service; more files than this belong into packages. */
  files: 50,
  /** Per file, in UTF-8 bytes (decoded bytes for binary files). Beyond this an editor in a browser stops being pleasant. */
  fileBytes: 100_000,
  /** All files together; base64 and keys included it stays under a ConfigMap's 1 MiB. */
  totalBytes: 500_000,
  /** Characters of a whole path: leaves room for the folder it is mounted under (PATH_MAX is 4,096, Windows' is 260). */
  pathCharacters: 200,
  /** UTF-8 bytes of one path segment; file systems stop at 255, encrypted ones at 143. */
  segmentBytes: 120,
  /** Folders and file together. */
  pathDepth: 8,
} as const;

/** A ZIP that an app is brought in: what is read of it, whatever its headers say. */
export const zipLimits = {
  /** As it is uploaded: a project's folder with what tools leave in it; what an app may have of it is `bundleLimits`. */
  archiveBytes: 10_000_000,
  /** Folders and what is left out included: a small `node_modules` has thousands. */
  entries: 10_000,
  /** `.fp.yaml`: all values of an app's variables, escaped. */
  appFileBytes: 600_000,
  /** Deflate makes at most 1,032 bytes of one: who claims more lies. */
  ratio: 1_032,
  /** Problems told of one ZIP; a thousand of a kind are one mistake. */
  problems: 30,
} as const;

/** What an app is called and described with. */
export const appLimits = {
  nameCharacters: 80,
  descriptionCharacters: 500,
  /** A DNS label may have 63; 40 leaves room for a cluster's object names made from it. */
  slugCharacters: 40,
  /** Two, so that no single letter is taken as a host name. */
  slugLeastCharacters: 2,
  envVariables: 100,
  envNameCharacters: 128,
  /** One argument or variable may have 128 KiB on Linux; 32 KiB holds any key or certificate. */
  envValueBytes: 32_768,
  /** All of an app's variables: a Kubernetes Secret may have 1 MiB. */
  envTotalBytes: 262_144,
  /** Versions kept beside the live one, which is always kept. */
  versionsKept: 10,
} as const;

/** What one user may have unless an admin says otherwise. */
export const userLimits = {
  apps: 100,
  /** All databases of a user together. */
  databaseBytes: 1_000_000_000,
  databases: 20,
  tokens: 50,
  templates: 50,
  /** Imports that an administrator was asked for and has not decided on. */
  openImportRequests: 20,
} as const;

/** Templates: what describes one, and how many everybody is shown. */
export const templateLimits = {
  tags: 10,
  tagCharacters: 30,
  /** Global ones of an installation, beside the built-in: a list that people still look through. */
  global: 200,
} as const;

/** What one instance may use. */
export const instanceLimits = {
  /** FastAPI with pymongo keeps about 47 MB resident; pillow and pandas-like work needs room above. */
  memoryMiB: 256,
  cpus: 0.5,
  /** Processes and threads: uvicorn, a thread pool of 40, pymongo's monitors. */
  processes: 128,
  /** Requests in flight per instance; a thread pool of 40 serves sync handlers, twice that may wait. */
  concurrency: 80,
  /** The private `/tmp` of a sandbox. */
  tmpMiB: 64,
  /** Connections to the app's database: pymongo's pool of 10 for each of a few clients. */
  databaseConnections: 50,
} as const;

/** How long things may take. */
export const timeLimits = {
  /** Loading an app: import and lifespan start-up. */
  loadMs: 30_000,
  /** The check in a throw-away runner. */
  checkMs: 5_000,
  /** In-flight requests of an instance that is being replaced or put to sleep. */
  drainMs: 30_000,
  /** Streams of events when the platform stops: an answer that is written as it is thought out may end, one without end does not hold up the stop. */
  streamDrainMs: 10_000,
  /** A request held while its app wakes. */
  wakeWaitMs: 30_000,
  /** A request held while its app is busy: as long as one for a wake. */
  queueMs: 30_000,
  /** An upload that sends nothing at all for so long, while it is being read, has no sender any more. */
  bodyIdleMs: 60_000,
  /** A browser's navigation sees the waiting page after this. */
  waitingPageMs: 1_000,
  /** An explorer query. */
  explorerQueryMs: 5_000,
  sleepAfterMinutes: 15,
  sleepAfterLeastMinutes: 1,
  sleepAfterMostMinutes: 1_440,
} as const;

/** What passes through the platform at once. */
export const trafficLimits = {
  /** Requests held per app while it wakes. */
  waitingRequests: 1_000,
  /** Per app, sustained. More than one instance of half a core answers; less than one caller's loop costs its neighbours on the machine. */
  appRequestsPerSecond: 1_000,
  /** Per app, at once: a wake with all that may wait for it, twice. */
  appRequestBurst: 2_000,
  /** Per app, held while its instances work on as many as they may (`instanceLimits.concurrency`). As many as may wait for a wake. */
  queuedRequests: 1_000,
  /** A JSON body of the API: all files of a bundle in base64 with escapes fit twice. */
  apiBodyBytes: 2_000_000,
  /** The test panel's body and what it shows of an answer. */
  proxyBodyBytes: 10_000_000,
  /** Items of a list: default and most. */
  pageItems: 50,
  pageItemsMost: 200,
} as const;

/** How long what is written down is kept. */
export const retention = {
  requestDays: 7,
  logDays: 7,
  metricDays: 30,
  deploymentDays: 30,
  /** Log lines kept per app, whatever their age. */
  logLinesPerApp: 10_000,
  /** Characters of one log line; the rest is cut and said so. */
  logLineCharacters: 8_192,
} as const;

/** `100 KB`, `1.5 MB`: bytes as people read them. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  // A step earlier than the division says: 999,960 bytes would round to "1000 KB".
  const [value, unit] = bytes < 999_950 ? [bytes / 1_000, "KB"] : [bytes / 1_000_000, "MB"];
  return `${Number(value.toFixed(1))} ${unit}`;
}
