/**
 * One app behind the real gateway and the real state machine, with stand-ins for its instances. Everything that a schedule does is
 * written down, so that it can be judged when all is over.
 */
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "#core/contract/problem.ts";
import { createGateway, type Gateway, type RequestRecord, type Route } from "#server/gateway/index.ts";
import { createLocalApp } from "#server/runtime/local/app.ts";
import { createEventHub } from "#server/runtime/events.ts";
import { LoadFailure } from "#server/runtime/load-failure.ts";
import type { InstanceSpec, Runtime } from "#server/runtime/runtime.ts";
import { startStandIn, type StandIn } from "./stand-in.ts";

export interface Simulation {
  readonly gateway: Gateway;
  readonly slug: string;
  readonly records: readonly RequestRecord[];
  /** What must never happen, in words. */
  readonly violations: string[];
  /** How often each path reached an instance. */
  readonly taken: ReadonlyMap<string, number>;
  /** Times at which something failed that is the app's own affair: a death, a start that fails. */
  readonly failures: readonly number[];
  readonly awake: boolean;
  sleep(): Promise<void>;
  deploy(loadMs: number, commitMs: number): Promise<void>;
  /** The serving instance dies. */
  die(noticedAfterMs: number): void;
  /** How the next starts go: so many ms, and whether they fail. */
  next(start: { ms: number; fails: boolean }): void;
  /** Puts the app to sleep for good and says what is left. */
  close(): Promise<string[]>;
}

export interface SimulationOptions {
  slug: string;
  folder: string;
  sleepAfterMs: number;
  sweepEveryMs: number;
  shutdownMs: number;
}

export function createSimulation(options: SimulationOptions): Simulation {
  const { slug } = options;
  const events = createEventHub();
  const records: RequestRecord[] = [];
  const violations: string[] = [];
  const taken = new Map<string, number>();
  const failures: number[] = [];
  const standIns = new Map<string, StandIn>();
  const starts: { ms: number; fails: boolean }[] = [];
  const entered = new Map<string, number>();
  let count = 0;
  let version = 1;

  const start = async (number: number): Promise<StandIn> => {
    const id = `${slug}-${(count += 1)}`;
    const made = await startStandIn({
      folder: options.folder,
      id,
      version: number,
      shutdownMs: options.shutdownMs,
      onTaken: (what) => {
        taken.set(what, (taken.get(what) ?? 0) + 1);
        if (standIns.get(id)?.told) violations.push(`${id} was sent ${what} after it was told to drain`);
      },
      onTold: () => {
        if ((entered.get(id) ?? 0) > 0) violations.push(`${id} was told to drain with ${entered.get(id)} requests counted in`);
      },
    });
    standIns.set(id, made);
    return made;
  };
  const app = createLocalApp("a1", {
    specOf: async () => ({ version }) as InstanceSpec,
    launch: async (spec, signal) => {
      const { ms, fails } = starts.shift() ?? { ms: 0, fails: false };
      if (ms > 0) await delay(ms);
      signal.throwIfAborted();
      if (fails) {
        failures.push(performance.now());
        throw new LoadFailure({ kind: "load", type: "ImportError", message: "on purpose" }, null);
      }
      return (await start(spec.version)).instance;
    },
    publish: events.publish,
    drainGraceMs: 30_000,
  });
  const never = (): never => {
    throw new Error("the gateway does not call this");
  };
  const runtime: Runtime = {
    isolation: { level: "none", limits: "rlimit", detail: "stand-ins" },
    start: async () => {},
    stop: async () => {},
    check: never,
    deploy: never,
    remove: never,
    wake: () => app.wake(),
    sleep: (_appId, { force = false } = {}) => app.sleep(force, force ? "asked" : "idle"),
    endpoints: () => {
      if (app.endpoints.length > 1) violations.push(`${app.endpoints.length} instances serve`);
      return app.endpoints;
    },
    enter: (_appId, instanceId) => {
      const leave = app.enter(instanceId);
      if (leave === null) return null;
      entered.set(instanceId, (entered.get(instanceId) ?? 0) + 1);
      return () => {
        entered.set(instanceId, entered.get(instanceId)! - 1);
        leave();
      };
    },
    watch: events.watch,
  };
  const route: Route = { appId: "a1", slug, state: "live", sleepAfterMs: options.sleepAfterMs };
  const gateway = createGateway({
    routes: { find: (name) => (name === slug ? route : undefined), findById: () => route, describe: async () => undefined },
    runtime,
    recordRequest: (record) => records.push(record),
    publicUrl: "http://localhost:3000",
    appsDomain: "localhost",
    trustedProxies: [],
    sleepAfterDefaultMs: options.sleepAfterMs,
    logger: { warn: () => {}, error: () => {} },
    sweepEveryMs: options.sweepEveryMs,
  });
  gateway.start();

  return {
    gateway,
    slug,
    records,
    violations,
    taken,
    failures,
    get awake() {
      return app.endpoints.length > 0;
    },
    sleep: async () => void (await app.sleep(true, "asked")),
    deploy: async (loadMs, commitMs) => {
      await delay(loadMs);
      const { instance } = await start(version + 1);
      await delay(commitMs);
      version += 1;
      if (!app.switchTo(instance)) throw new AppError("conflict", "deleted");
    },
    die: (noticedAfterMs) => {
      const serving = app.serving;
      if (!serving) return;
      failures.push(performance.now());
      standIns.get(serving.id)?.die(noticedAfterMs);
    },
    next: (each) => void starts.push(each),
    close: async () => {
      starts.length = 0;
      await app.sleep(true, "asked");
      await app.end(1_000);
      await gateway.stop();
      return [
        ...[...standIns].flatMap(([id, standIn]) => (standIn.ended ? [] : [`${id} still runs`])),
        ...[...standIns].flatMap(([id, standIn]) => (standIn.inHand === 0 ? [] : [`${id} has ${standIn.inHand} requests in hand`])),
        ...[...entered].flatMap(([id, inside]) => (inside === 0 ? [] : [`${inside} requests are counted in at ${id}`])),
        ...(app.endpoints.length === 0 ? [] : ["an instance still serves"]),
      ];
    },
  };
}
