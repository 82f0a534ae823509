/** Plain HTTP for tests: dials an address and sets `Host` itself, since `*.localhost` does not resolve in Node everywhere. */
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";

export interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  timeoutMs?: number;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came. */
  rawHeaders: string[];
  body: Buffer;
  text: string;
  /** @throws SyntaxError when the body is no JSON. */
  json(): unknown;
}

/** One exchange with 127.0.0.1:`port`, on a connection of its own. */
export function send(
  port: number,
  host: string,
  path: string,
  { method = "GET", headers = {}, body, timeoutMs = 30_000 }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port, path, method, headers: { host, ...headers }, agent: false, timeout: timeoutMs },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString("utf8");
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            body: bytes,
            text,
            json: () => JSON.parse(text) as unknown,
          });
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error(`No answer from ${host}${path} within ${timeoutMs} ms`)));
    request.on("error", reject);
    request.end(body);
  });
}
