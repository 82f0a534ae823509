import { connect } from "node:net";
import { expect } from "vitest";
import { waitFor } from "../../wait.ts";
import type { Attack } from "../attack.ts";
import type { HostileWorld } from "../world.ts";

/** Against whoever passes its answers on. */
export const answerAttacks: readonly Attack[] = [
  {
    name: "a slow loris from inside",
    source: `
import asyncio
@app.get("/drip")
async def drip():
    async def bytes():
        while True:
            yield b"."
            await asyncio.sleep(0.1)
    return StreamingResponse(bytes())
`,
    act: async ({ slug }, world) => {
      const open = await Promise.all(Array.from({ length: 60 }, () => openStream(world, slug, "/drip")));
      await waitFor("every stream drips", () => open.every(({ bytes }) => bytes() > 300));
      for (const { close } of open) close();
      return `${open.length} drips`;
    },
    sees: /^60 drips$/,
    told: { status: "running" },
    counter: null,
  },
  {
    name: "an answer of 1 GB",
    heavy: true,
    source: `
@app.get("/gigabyte")
def gigabyte():
    block = b"x" * 1_048_576
    return StreamingResponse((block for _ in range(1024)), media_type="application/octet-stream")
`,
    act: async ({ slug }, world) => {
      const before = world.residentBytes();
      let most = before;
      const watch = setInterval(() => (most = Math.max(most, world.residentBytes())), 50);
      const { bytes, ended, close } = await openStream(world, slug, "/gigabyte");
      await ended;
      clearInterval(watch);
      close();
      return JSON.stringify({ bytes: bytes(), grownBy: most - before });
    },
    sees: (seen) => {
      const { bytes, grownBy } = JSON.parse(seen) as { bytes: number; grownBy: number };
      expect(bytes).toBeGreaterThan(1_073_741_824);
      expect(grownBy).toBeLessThan(150_000_000);
    },
    told: { status: "running" },
    counter: null,
  },
  {
    name: "a bomb of headers",
    source: `
@app.get("/long")
def long(): return Response("x", headers={"x-long": "y" * 1_000_000})
@app.get("/many")
def many():
    response = Response("x")
    response.raw_headers.extend((b"x-%d" % n, b"y" * 100) for n in range(20_000))
    return response
`,
    act: async (attacker) => (await Promise.all(["/long", "/many"].map(async (path) => `${(await attacker.call(path)).status}`))).join(" "),
    sees: /^502 502$/,
    told: { status: "running" },
    counter: 'fp_gateway_refusals_total{code="app_failed"}',
  },
  {
    name: "garbage instead of an answer, and half of one",
    source: `
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
received = HttpToolsProtocol.data_received
def garble(self, data):
    for path, answer in ((b"/garbage", b"\\x00\\xff\\x16\\x03\\x01 not HTTP\\r\\n\\r\\n"), (b"/half", b"HTTP/1.1 200 OK\\r\\ncontent-length: 1000\\r\\n\\r\\nhalf"),
            (b"/nothing", b""), (b"/split", b"HTTP/1.1 200 OK\\r\\ncontent-length: 4\\r\\ncontent-length: 40\\r\\n\\r\\nfour"),
            (b"/two", b"HTTP/1.1 200 OK\\r\\ncontent-length: 3\\r\\n\\r\\noneHTTP/1.1 200 OK\\r\\ncontent-length: 6\\r\\n\\r\\nforged"),
            (b"/chunks", b"HTTP/1.1 200 OK\\r\\ntransfer-encoding: chunked\\r\\n\\r\\nfffffffffffffffff\\r\\n")):
        if path in data[:20]:
            self.transport.write(answer)
            self.transport.close()
            return
    received(self, data)
HttpToolsProtocol.data_received = garble
`,
    act: async (attacker) => {
      const answers: Record<string, string> = {};
      for (const path of ["/garbage", "/half", "/nothing", "/split", "/two", "/chunks"])
        answers[path] = await attacker.call(path).then(
          ({ status, text }) => `${status} ${text.slice(0, 10)}`,
          (error: Error) => `cut off: ${error.message}`,
        );
      return JSON.stringify(answers);
    },
    sees: (seen) => {
      const answers = JSON.parse(seen) as Record<string, string>;
      for (const path of ["/garbage", "/nothing"]) expect([path, answers[path]]).toEqual([path, expect.stringMatching(/^502 /)]);
      expect(answers["/half"]).toMatch(/^cut off/);
      expect(answers["/split"]).toMatch(/^(502|cut off)/);
      expect(answers["/chunks"]).toMatch(/^(502|cut off)/);
      // What an app sends behind its answer belongs to nobody's request.
      expect(answers["/two"]).toMatch(/^(200 one|502|cut off)/);
      expect(seen).not.toContain("forged");
    },
    told: { status: "running" },
    counter: 'fp_gateway_refusals_total{code="app_failed"}',
  },
  {
    name: "closing stdout and every descriptor",
    source: `
@app.post("/attack")
def attack(facts: dict):
    sys.stdout.close()
    sys.stderr.close()
    threading.Timer(0.2, os.closerange, (0, 4096)).start()
    return "closing"
`,
    sees: /closing/,
    told: null,
    counter: null,
  },
  {
    name: "no descriptor but its own",
    source: `
@app.post("/attack")
def attack(facts: dict):
    held = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            held[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            pass
    odd = {fd: what for fd, what in held.items() if not what.startswith(("socket:", "anon_inode:", "pipe:", "/dev/null", "/proc/"))}
    return {"files": f"DONE {odd}" if odd else "none"}
`,
    sees: /"files":"none"/,
    told: null,
    counter: null,
  },
];

/** A request whose answer is counted and not kept. */
async function openStream({ platform }: HostileWorld, slug: string, path: string) {
  const socket = connect(platform.port, "127.0.0.1");
  let count = 0;
  socket.on("data", (chunk: Buffer) => (count += chunk.length));
  const ended = new Promise<void>((resolve, reject) => {
    socket.on("end", resolve);
    socket.on("error", reject);
  });
  ended.catch(() => {});
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${slug}.localhost:${platform.port}\r\nconnection: close\r\n\r\n`);
  return { bytes: () => count, ended, close: () => socket.destroy() };
}
