/**
 * What the gateway costs: CPU per request, and how much later an answer comes, beside Go's `httputil.ReverseProxy` and nginx before
 * the same upstream, by the same load. Neither the upstream nor the load counts. The sides take turns in many short rounds, so that
 * whatever else the machine does meets them all.
 */
import { helloApp } from "./apps.ts";
import type { Outcome, Series } from "./figures.ts";
import { openSides, type Side, type Sides } from "./gateway-sides.ts";
import { buildPeers, type Peers } from "./peers.ts";
import { cpuSeconds } from "./processes.ts";
import { counted, type World } from "./world.ts";

const connections = 16;
/** At 30 µs a request these are 0.3 s of CPU, which the kernel counts in steps of 10 ms. */
const requestsPerRound = 10_000;
/** V8 goes on compiling for some 50,000 requests. */
const warmUpRequests = 60_000;
const ratePerSecond = 1_000;
const rateSeconds = 2;
const platformRate = 150;
const platformSeconds = 10;

const go = "Go's ReverseProxy";

export async function measureGateway(world: World): Promise<Outcome> {
  const peers = await buildPeers();
  if (!peers) return { series: [], notes: ["Not measured: the load generator and one peer are made with Go, and there is none."] };
  try {
    return await measureWith(peers, world);
  } finally {
    await peers.close();
  }
}

async function measureWith(peers: Peers, world: World): Promise<Outcome> {
  // First: it is what may fail to start.
  const platform = await measurePlatform(peers, world);
  const sides = await openSides(peers);
  let cpu: Series[];
  let added: Series[];
  try {
    cpu = await measureCpu(sides, peers);
    added = await measureAdded(sides, peers);
  } finally {
    await sides.close();
  }
  return {
    series: [...cpu, ...added, platform],
    notes: [
      `CPU is the user and system time of the proxy's processes over ${counted(20)} rounds of ${requestsPerRound} GETs on ${connections} connections, as fast as they are answered; least and median of the rounds.`,
      `Added latency is a quantile through the proxy less the same quantile without it, at ${ratePerSecond} requests/s for ${rateSeconds} s a round; a request counts from when it was due.`,
      "“With a gateway's headers” the peers set the forwarded headers, a request id, a trace and the instance's name, as ours always does; ours also limits, counts and records each request.",
      ...sides.missing.map((reason) => `Not measured: ${reason}.`),
    ],
  };
}

async function measureCpu({ sides }: Sides, { load }: Peers): Promise<Series[]> {
  const series = sides.map(({ name }) => cpuSeries(name));
  // Code is compiled and buffers are made before anything counts.
  for (const side of sides) await load(side, { requests: warmUpRequests, connections });
  for (let round = 0; round < counted(20); round += 1) {
    for (const [index, side] of inTurn(sides, round)) {
      const before = side.cpuSeconds();
      const { requests } = whole(side, await load(side, { requests: requestsPerRound, connections }));
      series[index]!.values.push(((side.cpuSeconds() - before) * 1e6) / requests);
    }
  }
  const ours = series[0]!;
  const nginx = series.find(({ name }) => name === cpuName("nginx"));
  // The same values once more, for a series has one peer.
  return nginx ? [...series, { ...ours, name: `${ours.name}, beside nginx`, peer: nginx.name }] : series;
}

const cpuName = (side: string): string => `CPU per request: ${side}`;

function cpuSeries(side: string): Series {
  return { name: cpuName(side), values: [], unit: "µs", ...(side.startsWith("gateway") ? { peer: cpuName(go) } : {}) };
}

async function measureAdded({ sides, socketPath }: Sides, { load }: Peers): Promise<Series[]> {
  const compared = sides.filter(({ name }) => ["gateway", go, "nginx"].includes(name));
  const names = compared.map(({ name }) => name);
  const p50: Series[] = names.map((name) => ({ name: `p50 added at ${ratePerSecond} req/s: ${name}`, values: [] }));
  const p99: Series[] = names.map((name) => ({ name: `p99 added at ${ratePerSecond} req/s: ${name}`, values: [] }));
  p99[0]!.aim = { median: 2 };
  const flags = { rate: ratePerSecond, seconds: rateSeconds, connections };
  for (let round = 0; round < counted(20); round += 1) {
    const direct = await load({ socketPath }, flags);
    for (const [index, side] of inTurn(compared, round)) {
      const through = whole(side, await load(side, flags));
      p50[index]!.values.push((through.p50Us - direct.p50Us) / 1_000);
      p99[index]!.values.push((through.p99Us - direct.p99Us) / 1_000);
    }
  }
  return [...p50, ...p99];
}

/** The whole platform's process with a real app, at a rate the app can answer: what a request costs with all that stands around it. */
async function measurePlatform({ load }: Peers, world: World): Promise<Series> {
  const platform = await world.platform();
  const { token } = await platform.signUp();
  const { slug } = await platform.deploy(token, "bench gateway", { "app.py": helloApp() });
  const target = { port: platform.port, host: `${slug}.localhost:${platform.port}`, path: "/" };
  await load(target, { rate: platformRate, seconds: 2, connections });
  const values: number[] = [];
  for (let round = 0; round < counted(5); round += 1) {
    const before = cpuSeconds(platform.pid);
    const { requests } = await load(target, { rate: platformRate, seconds: platformSeconds, connections });
    values.push(((cpuSeconds(platform.pid) - before) * 1e6) / requests);
  }
  return { name: `CPU per request: the whole platform's process, ${platformRate} req/s to a FastAPI app`, values, unit: "µs" };
}

/** The sides with their numbers, each round beginning with another one. */
function inTurn(sides: readonly Side[], round: number): [number, Side][] {
  const numbered = sides.map((side, index): [number, Side] => [index, side]);
  const first = round % numbered.length;
  return [...numbered.slice(first), ...numbered.slice(0, first)];
}

function whole<Result extends { failures: number }>(side: Side, result: Result): Result {
  if (result.failures > 0) throw new Error(`${side.name} failed ${result.failures} connections`);
  return result;
}
