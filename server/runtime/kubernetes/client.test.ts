import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startFakeApi, type FakeApi } from "../../../tests/kubernetes/informer-api.ts";
import { createClusterClient, type ClusterClient } from "./client.ts";
import { findCluster } from "./client-credentials.ts";
import { parseStatus, toRefusal, toUnreachable } from "./client-errors.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const refuse =
  (code: number, status: object = {}): Answer =>
  (_request, response) =>
    void response.writeHead(code).end(JSON.stringify({ kind: "Status", code, ...status }));
const give =
  (object: object, code = 200): Answer =>
  (_request, response) =>
    void response.writeHead(code).end(JSON.stringify(object));
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" } };

describe("a call to the cluster", () => {
  let api: FakeApi;
  let client: ClusterClient;
  beforeEach(async () => {
    api = await startFakeApi();
    client = await createClusterClient({ kubeconfig: api.kubeconfig, namespace: "apps", deadlineMs: 500 });
  });
  afterEach(async () => {
    client.close();
    await api.close();
  });

  it("that loses a race has a result, and throws nothing", async () => {
    api.answerNext(refuse(409, { reason: "Conflict" }));
    expect(await client.patch("pods", "a", { metadata: { labels: {} } }, { resourceVersion: "1" })).toBe(false);
    api.answerNext(refuse(404));
    expect(await client.patch("pods", "a", {})).toBeNull();
    api.answerNext(refuse(404));
    expect(await client.get("pods", "a")).toBeNull();
    api.answerNext(refuse(404));
    expect(await client.delete("pods", "a")).toBe(false);
    api.answerNext(refuse(409, { reason: "Conflict" }));
    expect(await client.delete("pods", "a", { uid: "another" })).toBe(false);
    api.answerNext(refuse(409, { reason: "AlreadyExists" }));
    expect(await client.create(pod)).toBe(false);
    api.answerNext(refuse(409, { reason: "Conflict" }));
    expect(await client.replace(pod)).toBe(false);
  });

  it("is sent again where two creations collided in the quota's own object, and where the API server was busy", async () => {
    api.answerNext(refuse(409, { reason: "Conflict", message: "Operation cannot be fulfilled on resourcequotas" }), give(pod, 201));
    expect(await client.create(pod)).toEqual(pod);
    api.answerNext((_request, response) => void response.writeHead(429, { "retry-after": "0" }).end("busy"), give(pod));
    expect(await client.get("pods", "a")).toEqual(pod);
    expect(api.requests.filter((request) => request.startsWith("GET"))).toHaveLength(2);
  });

  it("has a deadline, for each answer and for a server that is busy for ever", async () => {
    api.answerNext(() => undefined);
    await expect(client.get("pods", "a")).rejects.toMatchObject({
      code: "runtime_unavailable",
      message: expect.stringContaining("did not answer within"),
    });
    api.answerNext(...Array.from({ length: 10 }, (): Answer => (_request, response) => void response.writeHead(429).end()));
    await expect(client.get("pods", "a")).rejects.toMatchObject({ code: "runtime_unavailable" });
  });

  it("ends with its signal, and gives the signal's reason", async () => {
    const abort = new AbortController();
    api.answerNext(() => abort.abort(new Error("the caller went away")));
    await expect(client.get("pods", "a", { signal: abort.signal })).rejects.toThrow("the caller went away");
  });

  it("says what it is when the cluster is away, or something else answers", async () => {
    api.answerNext((_request, response) => void response.end("<html>a proxy</html>"));
    await expect(client.get("pods", "a")).rejects.toThrow("What answers at the cluster's address is not its API server");
    api.answerNext(
      (request) => request.socket.destroy(),
      (request) => request.socket.destroy(),
    );
    await expect(client.create(pod)).rejects.toThrow("The cluster's API server cannot be reached: the connection broke off");
    await api.down();
    await expect(client.get("pods", "a")).rejects.toMatchObject({
      code: "runtime_unavailable",
      message: "The cluster's API server cannot be reached: connection refused",
      retryAfterSeconds: 5,
    });
    await api.up();
  });

  it("of a precondition is never sent twice, whatever happens to its connection", async () => {
    // The first makes the connection a kept one, whose loss would otherwise be taken for the server's closing it unused.
    await client.list("pods");
    api.answerNext((request) => request.socket.destroy());
    await expect(client.patch("pods", "a", {}, { resourceVersion: "1" })).rejects.toMatchObject({ code: "runtime_unavailable" });
    expect(api.requests.filter((request) => request.startsWith("PATCH"))).toHaveLength(1);
  });

  it("is counted by what it does", async () => {
    await client.list("pods");
    api.answerNext(give(pod), give(pod));
    await client.apply(pod);
    await client.patch("pods", "a", {});
    expect(Object.fromEntries(client.calls)).toEqual({ "list pods": 1, "apply pods": 1, "patch pods": 1 });
  });

  it("for output gives lines, cuts those without end, and none for a pod without a container", async () => {
    const read = async (answer: Answer): Promise<string[]> => {
      api.answerNext(answer);
      const lines: string[] = [];
      for await (const line of client.logs("a", { follow: true })) lines.push(line);
      return lines;
    };
    expect(await read((_request, response) => void response.end("one\ntwo\n\nü"))).toEqual(["one", "two", "", "ü"]);
    const [long, next] = await read((_request, response) => void response.end(`${"x".repeat(1_000_000)}\nnext\n`));
    expect([long?.length, next]).toEqual([65_536, "next"]);
    expect(await read(refuse(400, { message: 'container "runner" is waiting to start' }))).toEqual([]);
    expect(await read(refuse(404))).toEqual([]);
  });
});

describe("a refusal of the API server", () => {
  const say = (code: number, message: string, verb = "patch") =>
    toRefusal({ code, message }, { verb, resource: "pods", namespace: "apps" }).message;

  it.each([
    [401, "Unauthorized", "The cluster does not accept the platform's credentials"],
    [
      403,
      'pods "a" is forbidden: User "system:serviceaccount:p:web" cannot patch resource "pods" in API group "" in the namespace "apps"',
      "The platform may not patch pods in the namespace apps: its Role lacks that permission",
    ],
    [
      403,
      'pods "a" is forbidden: exceeded quota: apps, requested: limits.memory=256Mi,pods=1, used: limits.memory=8Gi,pods=32, limited: limits.memory=8Gi,pods=32',
      "The quota apps of the namespace apps is used up: limits.memory=256Mi,pods=1 asked for, limits.memory=8Gi,pods=32 used of limits.memory=8Gi,pods=32",
    ],
    [
      403,
      'pods "a" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      'The namespace\'s pod security standard refuses the pod: violates PodSecurity "restricted:latest": runAsNonRoot != true',
    ],
    [
      403,
      'pods "a" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
      "The namespace's LimitRange refuses the pod: maximum memory usage per Container is 1Gi, but limit is 2Gi",
    ],
    [
      403,
      'pods "a" is forbidden: unable to create new content in namespace apps because it is being terminated',
      "The namespace apps is being deleted",
    ],
    [
      404,
      "the server could not find the requested resource",
      "The cluster has no pods in the namespace apps: is the platform installed whole?",
    ],
    [
      422,
      'Pod "a" is invalid: spec.containers: Required value',
      'The cluster refuses the object: Pod "a" is invalid: spec.containers: Required value',
    ],
    [500, "etcdserver: request timed out", "The cluster's API server failed with 500: etcdserver: request timed out"],
    [503, "", "The cluster's API server failed with 503"],
  ])("%i is said in words", (code, message, words) => {
    expect(say(code, message)).toBe(words);
  });

  it("that is no Status is kept as it came, cut", () => {
    expect(parseStatus(502, "Bad Gateway")).toEqual({ code: 502, message: "Bad Gateway" });
    expect(parseStatus(502, '{"kind":"Other"}')).toEqual({ code: 502, message: '{"kind":"Other"}' });
    expect(parseStatus(500, "x".repeat(9_999)).message).toHaveLength(500);
  });

  it("an untrusted certificate is told from a cluster that is away", () => {
    expect(toUnreachable(Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" })).message).toContain(
      "its certificate is not trusted",
    );
  });
});

describe("where the cluster is", () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "fp-kubeconfig-"))));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const write = async (user: object, cluster: object = {}): Promise<string> => {
    const path = join(folder, `config-${Math.random()}`);
    const config = {
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster: { server: "https://[::1]:6443/k8s", ...cluster } }],
      users: [{ name: "u", user }],
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  };

  it("is read from a kubeconfig, with certificates beside it or in it", async () => {
    await writeFile(join(folder, "ca.crt"), "authority");
    const path = await write(
      { "client-certificate-data": btoa("certificate"), "client-key-data": btoa("key") },
      { "certificate-authority": "ca.crt" },
    );
    const { server, tls, authorization } = await findCluster(path);
    expect(server.href).toBe("https://[::1]:6443/k8s");
    expect(Object.fromEntries(Object.entries(tls).map(([name, value]) => [name, String(value)]))).toEqual({
      ca: "authority",
      cert: "certificate",
      key: "key",
    });
    expect(await authorization()).toBeNull();
  });

  it("tokens come from the file, a file beside it, a plugin", async () => {
    await writeFile(join(folder, "token"), "from-file\n");
    expect(await (await findCluster(await write({ token: "inline" }))).authorization()).toBe("Bearer inline");
    expect(await (await findCluster(await write({ tokenFile: "token" }))).authorization()).toBe("Bearer from-file");
    const script = `const { spec } = JSON.parse(process.env.KUBERNETES_EXEC_INFO); console.log(JSON.stringify({ status: { token: process.env.SUFFIX + spec.interactive } }))`;
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: ["-e", script],
      env: [{ name: "SUFFIX", value: "by-plugin-" }],
    };
    const { authorization } = await findCluster(await write({ exec }));
    expect(await Promise.all([authorization(), authorization()])).toEqual(["Bearer by-plugin-false", "Bearer by-plugin-false"]);
  });

  it.each([
    ["a file that is not there", async () => join(folder, "none"), "No cluster is configured"],
    [
      "a plugin that fails",
      () => write({ exec: { apiVersion: "v1", command: "/bin/false" } }),
      "The credential plugin /bin/false of the kubeconfig gave no token",
    ],
    ["an auth-provider", () => write({ "auth-provider": { name: "gcp" } }), "auth-provider are not supported"],
    ["a certificate that is not there", () => write({ "client-certificate": "none.crt" }), "names a file that cannot be read"],
  ])("%s is said in words", async (_what, path, words) => {
    const asked = findCluster(await path(), {}).then(({ authorization }) => authorization());
    await expect(asked).rejects.toMatchObject({ code: "runtime_unavailable", message: expect.stringContaining(words) });
  });

  it("what is no kubeconfig is refused with what is wrong", async () => {
    const path = join(folder, "wrong");
    await writeFile(path, "clusters: 3\n");
    await expect(findCluster(path, {})).rejects.toThrow(/is not a kubeconfig: [\s\S]*clusters/);
  });
});
