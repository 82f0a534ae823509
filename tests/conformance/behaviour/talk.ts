/** What passes between the platform and an app: output, exceptions, variables, requests. */
import { expect, it } from "vitest";
import * as programs from "../programs.ts";
import { newApp, type World } from "../world.ts";

export function describeTalk(world: () => World): void {
  it("passes on what it prints, by line and stream", async () => {
    const app = newApp();
    await world().deploy(app, programs.prints());
    await world().call(app, "/");
    const { line } = await world().event("log", (event) => event.appId === app && event.line.text === "to stdout äöü");
    expect(line).toMatchObject({ stream: "stdout", instanceId: world().runtime.endpoints(app)[0]!.instanceId, at: expect.any(Date) });
    await world().event("log", (event) => event.appId === app && event.line.text === "to stderr" && event.line.stream === "stderr");
  });

  it("bounds endless output and says how much was left out", async () => {
    const app = newApp();
    await world().deploy(app, programs.floods());
    expect((await world().call(app, "/?lines=50000")).status).toBe(200);
    await world().event("log", (event) => event.appId === app && event.line.stream === "platform" && event.line.text.includes("left out"));
    expect(world().events.filter((event) => event.type === "log" && event.appId === app).length).toBeLessThan(12_000);
  });

  it("reports the exception of a request by its id", async () => {
    const app = newApp();
    await world().deploy(app, programs.raises());
    expect((await world().call(app, "/", { headers: { "x-request-id": "request-17" } })).status).toBe(500);
    const { record } = await world().event("exception", (event) => event.appId === app);
    expect(record).toMatchObject({ requestId: "request-17", type: "ZeroDivisionError", file: "app.py", line: 7 });
    expect(record.traceback).toContain("1 / 0");
  });

  it("gives an app its variables, and none of the platform's", async () => {
    const app = newApp();
    process.env["FP_CONFORMANCE_SECRET"] = "do not leak";
    try {
      await world().deploy(app, programs.environment(), { env: { GREETING: "grüezi", EMPTY: "" } });
    } finally {
      delete process.env["FP_CONFORMANCE_SECRET"];
    }
    const env = JSON.parse((await world().call(app, "/")).text) as Record<string, string>;
    expect(env).toMatchObject({ GREETING: "grüezi", EMPTY: "" });
    expect(JSON.stringify(env)).not.toContain("do not leak");
    expect(env).not.toHaveProperty("MONGO_URL");
  });

  it("answers 421 to a request that means another instance", async () => {
    const app = newApp();
    await world().deploy(app, programs.hello("mine"));
    expect((await world().call(app, "/", { headers: { "x-fp-instance": "another" } })).status).toBe(421);
  });

  it("checks files without making anything live", async () => {
    const report = await world().runtime.check(programs.hello("checked"), "app.py", {});
    expect(report).toMatchObject({ ok: true, framework: "fastapi" });
    expect(await world().runtime.check(programs.broken(), "app.py", {})).toMatchObject({ ok: false, error: { file: "app.py", line: 3 } });
    const hanging = await world().runtime.check(programs.hangs(), "app.py", {});
    expect(hanging).toMatchObject({ ok: false, error: { kind: "timeout" } });
  });
}
