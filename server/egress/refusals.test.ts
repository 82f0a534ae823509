/** What is not let through, and what is told about it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { createWorld, type World } from "./harness.test-part.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const get = (url: string): string => `GET ${url} HTTP/1.1\r\nHost: spoofed.example\r\nConnection: close\r\n\r\n`;
const status = (answer: string): number => Number(answer.slice(9, 12));
const reason = (answer: string): string | undefined => /^x-fp-egress: (\S+)/im.exec(answer)?.[1];

test("a host that is not on the list is refused with the setting that would allow it, once told in the log", async () => {
  world.rules.domains = ["api.example", "*.good.example"];
  for (const authority of ["evil.example:443", "good.example:443", "api.example.evil.example:443"]) {
    const answer = await world.exchange(`CONNECT ${authority} HTTP/1.1\r\n\r\n`);
    expect([status(answer), reason(answer)]).toEqual([403, "domain_not_allowed"]);
    expect(answer).toContain("egress.domains");
  }
  await world.exchange(get("http://evil.example/"));
  await world.exchange(`CONNECT evil.example:443 HTTP/1.1\r\n\r\n`);
  const told = world.refused.filter(({ line }) => line !== null);
  expect(told.map(({ host, port }) => `${host}:${port}`)).toEqual([
    "evil.example:443",
    "good.example:443",
    "api.example.evil.example:443",
    "evil.example:80",
  ]);
  expect(told[0]).toEqual({
    appId: "app",
    host: "evil.example",
    port: 443,
    reason: "domain_not_allowed",
    setting: "egress.domains",
    line: expect.stringContaining("evil.example:443 was not reached"),
  });
  expect(world.refused).toHaveLength(5);
});

test("a port that is not open is refused, naming those that are, and is open at once when the setting says so", async () => {
  const port = await world.listen("smtp.example", (socket) => void socket.end("220 ready"));
  world.rules.ports = [80, 443];
  const answer = await world.exchange(`CONNECT smtp.example:${port} HTTP/1.1\r\n\r\n`);
  expect([status(answer), reason(answer)]).toEqual([403, "port_not_allowed"]);
  expect(answer).toContain("(80, 443)");
  expect(answer).toContain("egress.ports");
  world.rules.ports = [80, 443, port];
  expect(await world.exchange(`CONNECT smtp.example:${port} HTTP/1.1\r\n\r\n`)).toContain("220 ready");
});

test.each([
  "127.0.0.2",
  "127.2",
  "2130706434",
  "0x7f.2",
  "0177.0.0.2",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "0.0.0.0",
  "10.0.0.1",
  "169.254.169.254",
  "[fd00:ec2::254]",
  "100.100.100.200",
])("%s is reached neither by a tunnel nor by a request", async (host) => {
  for (const text of [`CONNECT ${host}:80 HTTP/1.1\r\n\r\n`, get(`http://${host}/latest/meta-data/`)]) {
    const answer = await world.exchange(text);
    expect([status(answer), reason(answer)], text).toEqual([403, "address_not_allowed"]);
    expect(answer).toContain("no setting allows it");
  }
});

test("a name is only as good as its addresses, and is asked for once", async () => {
  const reached: string[] = [];
  const port = await world.listen("mixed.example", (socket) => void (reached.push("outer"), socket.end("outer")));
  let asked = 0;
  world.names.set("inner.example", ["10.0.0.1", "fd00::1", "169.254.169.254"]);
  world.names.set("mixed.example", ["10.0.0.1", "127.0.0.1", "::1"]);
  const inner = await world.exchange(`CONNECT inner.example:${port} HTTP/1.1\r\n\r\n`);
  expect([status(inner), reason(inner)]).toEqual([403, "address_not_allowed"]);
  expect(inner).not.toContain("10.0.0.1");
  expect(await world.exchange(`CONNECT mixed.example:${port} HTTP/1.1\r\n\r\n`)).toContain("outer");
  await using rebinding = await createWorld({
    // The first answer is fine and the next is not: only the first may count.
    resolve: async () => ((asked += 1) === 1 ? ["127.0.0.1"] : ["127.0.0.2"]),
  });
  rebinding.rules.ports = [port];
  expect(await rebinding.exchange(`CONNECT rebinding.example:${port} HTTP/1.1\r\n\r\n`)).toContain("outer");
  expect(asked).toBe(1);
  expect(reached).toHaveLength(2);
});

test("without the tests' seam nothing of this machine is reached", async () => {
  await using real = await createWorld({ isAllowedAddress: undefined as never });
  const port = await real.listen("local.example", (socket) => void socket.end("reached"));
  for (const text of [`CONNECT local.example:${port} HTTP/1.1\r\n\r\n`, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`]) {
    expect(reason(await real.exchange(text))).toBe("address_not_allowed");
  }
});

test("what is away is told apart: no such name, no answer there, an answer that is none", async () => {
  const gone = await world.listen("gone.example", (socket) => void socket.destroy());
  const garbage = await world.listen("garbage.example", (socket) => void socket.end("SSH-2.0-OpenSSH\r\n"));
  world.names.set("closed.example", ["127.0.0.1"]);
  world.rules.ports = [80, 1, gone, garbage];
  const answers = await Promise.all(
    [
      get("http://nowhere.example/"),
      get("http://closed.example:1/"),
      get(`http://gone.example:${gone}/`),
      get(`http://garbage.example:${garbage}/`),
    ].map((text) => world.exchange(text)),
  );
  expect(answers.map((answer) => [status(answer), reason(answer)])).toEqual([
    [502, "name_not_found"],
    [502, "connect_failed"],
    [502, "upstream_failed"],
    [502, "upstream_failed"],
  ]);
  expect(world.refused).toEqual([]);
});

test("of a name's addresses the next is tried when one is away", async () => {
  const port = await world.listen("tcp.example", (socket) => void socket.end("there"));
  await using second = await createWorld({ isAllowedAddress: () => true, resolve: async () => ["127.0.0.3", "127.0.0.1"] });
  second.rules.ports = [port];
  expect(await second.exchange(`CONNECT x.example:${port} HTTP/1.1\r\n\r\n`)).toContain("there");
});

test.each([
  ["a path", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "name the whole address"],
  ["https", "GET https://example.com/ HTTP/1.1\r\nHost: x\r\n\r\n", "https goes through CONNECT"],
  ["a password", "GET http://user:pass@example.com/ HTTP/1.1\r\nHost: x\r\n\r\n", "Authorization header"],
  ["a tunnel without port", "CONNECT example.com HTTP/1.1\r\n\r\n", "CONNECT takes host:port"],
  ["TLS", "\u0016\u0003\u0001 no http\r\n\r\n", "no HTTP/1.1"],
  ["a large head", `GET http://example.com/ HTTP/1.1\r\nX: ${"x".repeat(70_000)}\r\n\r\n`, "larger than 65536 bytes"],
])("%s is answered with what is wrong with it", async (_, text, words) => {
  const answer = await world.exchange(text);
  expect([status(answer), reason(answer)]).toEqual([400, "bad_request"]);
  expect(answer).toContain(words);
});
