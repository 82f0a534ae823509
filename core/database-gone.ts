/** Errors of the MongoDB driver and mongoose that mean "the server cannot be reached", by name: several copies of the driver may be loaded. */
const names = new Set([
  "MongoNetworkError",
  "MongoNetworkTimeoutError",
  "MongoServerSelectionError",
  "MongooseServerSelectionError",
  "MongoTopologyClosedError",
  "MongoPoolClearedError",
  "PoolClearedOnNetworkError",
  "MongoPoolClosedError",
  "MongoNotConnectedError",
  "MongoClientClosedError",
]);

/** When the server goes away while a command is being written, the driver (7.0) lets the socket's own error through, under no name of its own. */
const isDriversSocket = (error: Error & { code?: unknown }): boolean =>
  (error.code === "EPIPE" || error.code === "ECONNRESET") && /[\\/]mongodb[\\/]lib[\\/]cmap[\\/]/.test(error.stack ?? "");

/** Whether `thrown`, or what caused it, says that the database is away, so that the same may succeed a little later. */
export function isDatabaseGone(thrown: unknown): boolean {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if (names.has(error.name) || /bufferCommands = false/.test(error.message) || isDriversSocket(error)) return true;
  }
  return false;
}
