/** What an app must not see, reach or become. Asked from inside, by an app that tries. */
import { expect, it } from "vitest";
import * as programs from "../programs.ts";
import { newApp, type World } from "../world.ts";

export function describeIsolation(world: () => World, by: "no network" | "policies"): void {
  const probe = async (app: string, what: string, argument = ""): Promise<unknown> =>
    JSON.parse((await world().call(app, `/${what}?x=${encodeURIComponent(argument)}`)).text);

  it("keeps an app from others' files, variables and processes, and from the platform's", async () => {
    const victim = newApp();
    await world().deploy(victim, programs.environment(), { env: { TOKEN: "the victim's token" } });
    const app = newApp();
    await world().deploy(app, programs.hostile());
    for (const path of world().secretPaths)
      expect(await probe(app, "read", path)).toMatch(/^(FileNotFoundError|PermissionError|NotADirectoryError)/);
    const seen = (await probe(app, "processes")) as string[];
    expect(seen.length).toBeLessThanOrEqual(4);
    expect(JSON.stringify(seen)).not.toMatch(/node|TOKEN|victim/);
    expect(await probe(app, "write", "/usr/escape")).toMatch(/^(OSError|PermissionError)/);
    expect(await probe(app, "write", "/run/fp/code/app.py")).toMatch(/^(OSError|PermissionError)/);
  });

  it("reaches nothing on the network", async () => {
    const app = newApp();
    await world().deploy(app, programs.hostile());
    // A policy drops what a machine without a network refuses.
    const unreached = by === "policies" ? /^(ConnectionRefusedError|OSError|TimeoutError)/ : /^(ConnectionRefusedError|OSError)/;
    expect(await probe(app, "connect", `127.0.0.1:${world().outsidePort}`)).toMatch(unreached);
    expect(await probe(app, "connect", "169.254.169.254:80")).toMatch(unreached);
    if (by === "no network") expect(await probe(app, "interfaces")).toEqual(["lo"]);
  });

  it("holds no privilege, and cannot get one", async () => {
    const app = newApp();
    await world().deploy(app, programs.hostile());
    expect(await probe(app, "status")).toMatchObject({
      CapEff: "0000000000000000",
      CapPrm: "0000000000000000",
      NoNewPrivs: "1",
      Seccomp: "2",
    });
    for (const call of ["unshare", "mount", "ptrace", "bpf"]) expect(await probe(app, "syscall", call)).toBe("EPERM");
    expect(await probe(app, "syscall", "clone3")).toBe("ENOSYS");
    expect(await probe(app, "vsock")).toMatch(/^OSError/);
  });

  it("fills its own disk only", async () => {
    const app = newApp();
    await world().deploy(app, programs.hostile());
    expect(await probe(app, "fill", "/tmp")).toBeLessThanOrEqual(64);
    expect((await world().call(app, "/read?x=/etc/hosts")).status).toBe(200);
  });
}
