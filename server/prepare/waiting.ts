/** Answers every request while the platform is not there yet. */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { preparationStatePath, renderPreparationPage, toPageState } from "./page.ts";
import type { Preparation } from "./steps.ts";

/**
 * People get the page, programs a problem document with what is going on; both as 503, never to be cached.
 * Visitors of an app's host learn only that it will be back.
 */
export function answerWhilePreparing(
  request: IncomingMessage,
  response: ServerResponse,
  preparation: Preparation,
  isOwnHost: (host: string) => boolean,
): void {
  request.resume();
  response.setHeader("cache-control", "no-store");
  response.setHeader("retry-after", "2");
  const own = isOwnHost(request.headers.host ?? "");
  const path = (request.url ?? "/").split("?", 1)[0];
  if (own && path === preparationStatePath) return send(response, 200, "application/json", JSON.stringify(toPageState(preparation)));
  if (own && request.method === "GET" && (request.headers.accept ?? "").includes("text/html")) {
    const nonce = randomBytes(16).toString("base64");
    response.setHeader(
      "content-security-policy",
      `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    return send(response, 503, "text/html; charset=utf-8", renderPreparationPage(preparation, nonce));
  }
  const problem = {
    type: "about:blank",
    title: preparation.state === "failed" ? "The platform could not start" : "The platform is being prepared",
    status: 503,
    code: "preparing",
    ...(own ? { detail: describePreparation(preparation), steps: preparation.steps } : {}),
  };
  return send(response, 503, "application/problem+json", JSON.stringify(problem));
}

/** One line: what is running now, or what failed. */
export function describePreparation(preparation: Preparation): string {
  if (preparation.error) return preparation.error;
  const running = preparation.steps.filter(({ state }) => state === "running");
  return running.map(({ title, detail }) => (detail ? `${title}: ${detail}` : title)).join("; ") || "Starting";
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body), "x-content-type-options": "nosniff" });
  response.end(response.req.method === "HEAD" ? undefined : body);
}
