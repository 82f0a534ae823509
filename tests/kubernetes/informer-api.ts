/**
 * A stand-in for the API server's list and watch of pods, over real HTTP. The real one stands in `informer.test.ts`; this one is for what
 * that cannot be asked to do on time: cut a watch in the middle of a line, forget a version, hang, be away.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface FakePod {
  metadata: { name: string; uid: string; resourceVersion: string; labels: Record<string, string> };
}

export interface FakeApi {
  kubeconfig: string;
  /** Makes or changes a pod, and tells watchers. */
  put(name: string, labels?: Record<string, string>, uid?: string): FakePod;
  remove(name: string): void;
  /** Only the version moves on. */
  bookmark(): void;
  /** Versions up to now are forgotten: a watch from one of them is answered 410, `inside` the watch or as its status. */
  forget(how: "inside" | "status"): void;
  /** Ends every watch: as the server does it, or in the middle of a line. */
  cut(how: "end" | "torn"): void;
  /** Stops listening and drops all connections; `up` comes back at the same address. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Answers the next requests so before anything else. */
  answerNext(...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]): void;
  /** Requests so far: `list`, `watch <version>`, or method and path. */
  requests: string[];
  readonly watchers: number;
  close(): Promise<void>;
}

export async function startFakeApi(): Promise<FakeApi> {
  const pods = new Map<string, FakePod>();
  const history: { version: number; line: string }[] = [];
  const watchers = new Set<ServerResponse>();
  const requests: string[] = [];
  const answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [];
  let version = 100;
  let forgotten = 0;
  let forgets: "inside" | "status" = "status";
  let server: Server | null = null;
  let port = 0;

  const tell = (type: string, object: object): void => {
    const line = `${JSON.stringify({ type, object })}\n`;
    if (type !== "BOOKMARK") history.push({ version, line });
    for (const watcher of watchers) watcher.write(line);
  };
  const gone = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };
  const list = (query: URLSearchParams, response: ServerResponse): void => {
    requests.push("list");
    const from = Number(query.get("continue") ?? 0);
    const all = [...pods.values()];
    const items = all.slice(from, from + 2);
    const more = from + 2 < all.length ? { continue: String(from + 2) } : {};
    response.end(JSON.stringify({ kind: "PodList", metadata: { resourceVersion: String(version), ...more }, items }));
  };
  const watch = (query: URLSearchParams, response: ServerResponse): void => {
    const from = Number(query.get("resourceVersion"));
    requests.push(`watch ${from}${query.get("allowWatchBookmarks") === "true" ? "" : " without bookmarks"}`);
    if (from < forgotten && forgets === "status") return void response.writeHead(410).end(JSON.stringify(gone));
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    if (from < forgotten) return void response.end(`${JSON.stringify({ type: "ERROR", object: gone })}\n`);
    for (const event of history) if (event.version > from) response.write(event.line);
    watchers.add(response);
    response.once("close", () => watchers.delete(response));
  };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://fake");
    const answer = answers.shift();
    if (answer) {
      requests.push(`${request.method} ${pathname}`);
      request.resume();
      return answer(request, response);
    }
    if (searchParams.get("watch") === "true") watch(searchParams, response);
    else list(searchParams, response);
  };
  const up = async (): Promise<void> => {
    server = createServer(serve).listen(port, "127.0.0.1");
    await new Promise<void>((resolve, reject) => server!.once("listening", resolve).once("error", reject));
    port = (server.address() as AddressInfo).port;
  };
  const down = async (): Promise<void> => {
    const closed = new Promise((resolve) => server?.close(resolve));
    server?.closeAllConnections();
    await closed;
  };

  await up();
  const folder = await mkdtemp(join(tmpdir(), "fp-fake-api-"));
  const kubeconfig = join(folder, "config");
  const cluster = { cluster: { server: `http://127.0.0.1:${port}` }, name: "fake" };
  const context = { context: { cluster: "fake", user: "fake" }, name: "fake" };
  await writeFile(
    kubeconfig,
    JSON.stringify({
      "current-context": "fake",
      clusters: [cluster],
      contexts: [context],
      users: [{ name: "fake", user: { token: "t" } }],
    }),
  );
  return {
    kubeconfig,
    requests,
    put(name, labels = {}, uid) {
      const before = pods.get(name);
      version += 1;
      const isSame = before !== undefined && (uid === undefined || before.metadata.uid === uid);
      const pod = { metadata: { name, uid: uid ?? before?.metadata.uid ?? `uid-${name}`, resourceVersion: String(version), labels } };
      pods.set(name, pod);
      tell(isSame ? "MODIFIED" : "ADDED", pod);
      return pod;
    },
    remove(name) {
      const pod = pods.get(name)!;
      pods.delete(name);
      version += 1;
      tell("DELETED", { metadata: { ...pod.metadata, resourceVersion: String(version) } });
    },
    bookmark() {
      version += 10;
      tell("BOOKMARK", { metadata: { resourceVersion: String(version) } });
    },
    forget(how) {
      forgotten = version + 1;
      forgets = how;
      version += 1;
    },
    cut(how) {
      for (const watcher of watchers) {
        if (how === "torn") {
          watcher.write('{"type":"MODIFIED","object":{"metad');
          setImmediate(() => watcher.socket?.destroy());
        } else watcher.end();
      }
    },
    down,
    up,
    answerNext: (...next) => void answers.push(...next),
    get watchers() {
      return watchers.size;
    },
    async close() {
      await down().catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
