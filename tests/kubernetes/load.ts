/** Visitors who keep asking while something happens to the platform, each as a browser or an editor would; whatever goes wrong for one is noted. */
import { Agent, request, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";

export interface Target {
  /** On 127.0.0.1. */
  port: number;
  host: string;
  path: string;
  headers?: Record<string, string>;
}

export interface LoadReport {
  /** Answers with 200, by the visitor's name. */
  answered: Record<string, number>;
  /** One entry per request, stream or socket that did not get what it should have. */
  failures: string[];
  /** How streams and sockets that were open were ended, by whom they are of. */
  ends: Record<string, number>;
  /** The longest that a request took, by the visitor's name; ms. */
  longestMs: Record<string, number>;
}

export interface Load {
  /** Asks again and again, on one connection or on a new one each time. */
  visit(name: string, target: Target, connection: "kept" | "fresh"): void;
  /** Holds a stream of events open; takes a new one whenever it ends. */
  follow(name: string, target: Target): void;
  /** Holds a WebSocket that echoes, and speaks on it; takes a new one when it is closed with a code that says why. */
  speak(name: string, target: Target): void;
  /** What happened so far, and begins anew. */
  take(): LoadReport;
  stop(): Promise<void>;
}

const pauseMs = 100;
/** Far more than anything takes but a wake on a busy machine. */
const patienceMs = 30_000;
/** Codes by which an end is told: going away, service restart, try again later. */
const goodbyes = new Set([1000, 1001, 1012, 1013]);

const empty = (): LoadReport => ({ answered: {}, failures: [], ends: {}, longestMs: {} });

export function startLoad(): Load {
  const stopping = new AbortController();
  const running: Promise<void>[] = [];
  let report = empty();
  const fail = (name: string, what: string): void => void report.failures.push(`${new Date().toISOString()} ${name}: ${what}`);
  const noteEnd = (name: string, how: string): void => void (report.ends[`${name} ${how}`] = (report.ends[`${name} ${how}`] ?? 0) + 1);
  const noteAnswer = (name: string, ms: number): void => {
    report.answered[name] = (report.answered[name] ?? 0) + 1;
    report.longestMs[name] = Math.max(report.longestMs[name] ?? 0, Math.round(ms));
  };
  const repeat = (once: () => Promise<void>): void => {
    running.push(
      (async () => {
        while (!stopping.signal.aborted) {
          await once();
          await delay(pauseMs);
        }
      })(),
    );
  };
  const book: Book = { fail, noteEnd, noteAnswer, stopping: stopping.signal };
  return {
    visit(name, target, connection) {
      const agent = connection === "kept" ? new Agent({ keepAlive: true, maxSockets: 1 }) : undefined;
      stopping.signal.addEventListener("abort", () => setTimeout(() => agent?.destroy(), patienceMs).unref());
      repeat(() => visitOnce(book, `${name} (${connection})`, target, agent));
    },
    follow: (name, target) => repeat(() => followOnce(book, name, target)),
    speak: (name, target) => repeat(() => speakOnce(book, name, target)),
    take() {
      const taken = report;
      report = empty();
      return taken;
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

interface Book {
  fail(name: string, what: string): void;
  noteEnd(name: string, how: string): void;
  noteAnswer(name: string, ms: number): void;
  stopping: AbortSignal;
}

function ask({ port, host, path, headers }: Target, agent: Agent | undefined, timeout: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, headers: { host, ...headers }, agent: agent ?? false, timeout }, resolve);
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${timeout} ms`)));
    asked.on("error", reject);
    asked.end();
  });
}

async function visitOnce(book: Book, name: string, target: Target, agent: Agent | undefined): Promise<void> {
  const started = performance.now();
  try {
    const answer = await ask(target, agent, patienceMs);
    let text = "";
    for await (const chunk of answer.setEncoding("utf8")) text += String(chunk);
    if (answer.statusCode === 200) book.noteAnswer(name, performance.now() - started);
    else book.fail(name, `${answer.statusCode} ${text.slice(0, 200)}`);
  } catch (error) {
    const ms = Math.round(performance.now() - started);
    book.fail(name, `${(error as NodeJS.ErrnoException).code ?? ""} ${(error as Error).message} after ${ms} ms`);
  }
}

async function followOnce(book: Book, name: string, target: Target): Promise<void> {
  try {
    const answer = await ask(target, undefined, patienceMs);
    const leave = (): void => void answer.destroy();
    book.stopping.addEventListener("abort", leave, { once: true });
    if (answer.statusCode !== 200) book.fail(name, `${answer.statusCode}`);
    else book.noteAnswer(name, 0);
    await new Promise((resolve) =>
      answer
        .once("close", resolve)
        .on("error", () => undefined)
        .resume(),
    );
    book.stopping.removeEventListener("abort", leave);
    if (!book.stopping.aborted) book.noteEnd(name, answer.complete ? "ended" : "cut");
  } catch (error) {
    book.fail(name, (error as Error).message);
  }
}

async function speakOnce(book: Book, name: string, { port, host, path }: Target): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { host }, handshakeTimeout: patienceMs });
  const closed = new Promise<number | null>((resolve) =>
    socket.once("close", resolve).once("error", (error) => {
      book.fail(name, error.message);
      resolve(null);
    }),
  );
  socket.once("open", () => {
    book.noteAnswer(name, 0);
    const timer = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send("still here"), pauseMs);
    socket.once("close", () => clearInterval(timer));
  });
  const leave = (): void => socket.close(1000);
  book.stopping.addEventListener("abort", leave, { once: true });
  const code = await closed;
  book.stopping.removeEventListener("abort", leave);
  if (book.stopping.aborted || code === null) return;
  if (goodbyes.has(code)) book.noteEnd(name, `closed with ${code}`);
  else book.fail(name, `closed with ${code}`);
}
