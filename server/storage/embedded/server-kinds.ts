/** The two database servers the platform can run itself, as command lines. Pure. */

export type ServerKind = "mongod" | "secantusd";

/** The crate's version that was measured (docs/adr/0005-embedded-database.md); the name of its folder in the cache holds it. */
export const secantusVersion = "0.5.3-beta.196";

export interface ServerSpec {
  kind: ServerKind;
  binary: string;
  port: number;
  /** The server's files. Not shared between kinds: their formats differ. */
  storagePath: string;
  /** Key file of mongod's replica set; unused by secantusd. */
  keyFile: string;
}

/** The one-node replica set of mongod. */
export const replicaSetName = "fp";

/** Arguments after the binary. Loopback only, passwords required, every acknowledged write on disk. */
export function serverArguments(spec: ServerSpec): string[] {
  const { port, storagePath } = spec;
  if (spec.kind === "secantusd") {
    // A log file is allocated whole, so 16MB is the size of an empty store; 128M of cache holds the platform's working set many times over.
    return [
      "--host",
      "127.0.0.1",
      "--port",
      `${port}`,
      "--storage-path",
      storagePath,
      "--auth",
      "--sync-on-commit",
      "--log-file-max",
      "16MB",
      "--cache-size",
      "128M",
      "--log-level",
      "WARNING",
    ];
  }
  return [
    ...["--bind_ip", "127.0.0.1", "--port", `${port}`, "--dbpath", storagePath, "--nounixsocket"],
    ...["--replSet", replicaSetName, "--auth", "--keyFile", spec.keyFile, "--wiredTigerCacheSizeGB", "0.25", "--quiet"],
  ];
}

/** Where an administrator reaches the server. `directConnection`: hello names addresses that others need not reach. */
export function serverUrl(port: number, root?: { username: string; password: string }): string {
  const user = root ? `${encodeURIComponent(root.username)}:${encodeURIComponent(root.password)}@` : "";
  return `mongodb://${user}127.0.0.1:${port}/?directConnection=true${root ? "&authSource=admin" : ""}`;
}
