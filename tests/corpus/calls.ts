/**
 * The calls that a corpus app names in its own first lines, and how their answers are compared. A line is
 * `#> METHOD path [Header: value]… [kind rest]`, where kind is `json`, `form`, `text`, `upload name=file:content` or `big <bytes>`;
 * `#> WS path | message | …` sends each message and reads one answer to it.
 */
import { gunzipSync } from "node:zlib";
import { WebSocket, type RawData } from "ws";
import { send, type Answer } from "../http.ts";

export type Call = { line: string } & (
  | { kind: "http"; method: string; path: string; headers: Record<string, string>; body: Buffer | undefined }
  | { kind: "ws"; path: string; messages: string[] }
);

export function readCalls(source: string): Call[] {
  return source
    .split("\n")
    .filter((line) => line.startsWith("#> "))
    .map((line) => parseCall(line.slice(3)));
}

function parseCall(line: string): Call {
  if (line.startsWith("WS ")) {
    const [target, ...messages] = line
      .slice(3)
      .split("|")
      .map((part) => part.trim());
    return { kind: "ws", line, path: target!, messages };
  }
  const matched = /^(\S+) (\S+)((?: \[[^\]]*\])*)(?: (\w+) (.*))?$/.exec(line);
  if (!matched) throw new Error(`Not a call: ${line}`);
  const [, method, path, headerText, kind, rest] = matched;
  const headers = Object.fromEntries([...headerText!.matchAll(/\[([^:\]]+): ([^\]]*)\]/g)].map(([, name, value]) => [name!, value!]));
  const { type, body } = kind === undefined ? { type: undefined, body: undefined } : makeBody(kind, rest!);
  return {
    kind: "http",
    line,
    method: method!,
    path: path!,
    headers: { ...headers, ...(type ? { "Content-Type": type } : {}), ...(body ? { "Content-Length": String(body.length) } : {}) },
    body,
  };
}

function makeBody(kind: string, rest: string): { type: string; body: Buffer } {
  if (kind === "json") return { type: "application/json", body: Buffer.from(rest) };
  if (kind === "form") return { type: "application/x-www-form-urlencoded", body: Buffer.from(rest) };
  if (kind === "text") return { type: "text/plain", body: Buffer.from(rest) };
  if (kind === "big") return { type: "application/octet-stream", body: Buffer.alloc(Number(rest), "corpus ") };
  const [, field, file, content] = /^(\w+)=([\w.]+):(.*)$/.exec(rest)!;
  const boundary = "corpus-boundary";
  const text = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${file}"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n--${boundary}--\r\n`;
  return { type: `multipart/form-data; boundary=${boundary}`, body: Buffer.from(text) };
}

/** What of an answer must be equal. */
export interface Comparable {
  status: number | string;
  headers: string[];
  body: string;
}

/** Makes a call on 127.0.0.1:`port` under the name `host`. */
export async function makeCall(call: Call, port: number, host: string): Promise<Comparable> {
  if (call.kind === "ws") return talk(call, port, host);
  return toComparable(
    await send(port, host, call.path, { method: call.method, headers: call.headers, ...(call.body ? { body: call.body } : {}) }),
  );
}

/** Of one hop only, or the server's own: not part of what the app answered. */
const left = new Set(["date", "server", "connection", "keep-alive", "transfer-encoding"]);

function toComparable(answer: Answer): Comparable {
  const zipped = answer.headers["content-encoding"] === "gzip";
  const headers: string[] = [];
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    const name = answer.rawHeaders[index]!.toLowerCase();
    // gzip writes the time into its header, so two answers differ in bytes and, by chance, in length.
    if (left.has(name) || (zipped && name === "content-length")) continue;
    // Starlette writes a set of methods, whose order is another in each Python process.
    const value = name === "allow" ? answer.rawHeaders[index + 1]!.split(", ").sort().join(", ") : answer.rawHeaders[index + 1]!;
    headers.push(`${name}: ${value}`);
  }
  const body = zipped ? gunzipSync(answer.body) : answer.body;
  return { status: answer.status, headers, body: body.toString("latin1") };
}

const toText = (data: RawData): string => (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString("utf8");

async function talk(call: Extract<Call, { kind: "ws" }>, port: number, host: string): Promise<Comparable> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${call.path}`, { headers: { host } });
  const received: string[] = [];
  let wake = (): void => undefined;
  let status: number | string = "open";
  socket.on("message", (data) => {
    received.push(toText(data));
    wake();
  });
  socket.on("unexpected-response", (_request, response) => {
    status = response.statusCode!;
    wake();
    socket.terminate();
  });
  socket.on("close", (code) => {
    if (status === "open") status = `closed ${code}`;
    wake();
  });
  socket.on("error", () => wake());
  const change = () => new Promise<void>((resolve) => (wake = resolve));
  await new Promise<void>((resolve) => {
    socket.once("open", resolve);
    wake = resolve;
  });
  for (const [index, message] of call.messages.entries()) {
    socket.send(message);
    while (received.length <= index && status === "open") await change();
  }
  const outcome = status;
  socket.terminate();
  return { status: outcome, headers: [], body: received.join("\n") };
}
