/** Whose address a request has: the peer's, or what proxies that we trust say of it. */
import type { IncomingMessage } from "node:http";

/**
 * Removes every inbound `X-FP-*` header (they are ours) and names the visitor's address in `header`, for rate limits.
 * `X-Forwarded-For` is read from the right, as far as the addresses in it are trusted proxies.
 */
export function stampClientAddress(
  request: IncomingMessage,
  {
    header,
    toPlainAddress,
    isTrusted,
  }: { header: string; toPlainAddress: (address: string | undefined) => string; isTrusted: (address: string) => boolean },
): void {
  let address = toPlainAddress(request.socket.remoteAddress);
  const chain = String(request.headers["x-forwarded-for"] ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);
  while (isTrusted(address) && chain.length > 0) address = toPlainAddress(chain.pop());
  const kept: string[] = [];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (!request.rawHeaders[i]!.toLowerCase().startsWith("x-fp-")) kept.push(request.rawHeaders[i]!, request.rawHeaders[i + 1]!);
  }
  // The Request of the pages and the API looks into both, into the parsed ones first.
  request.rawHeaders = [...kept, header, address];
  for (const name of Object.keys(request.headers)) if (name.startsWith("x-fp-")) delete request.headers[name];
  request.headers[header] = address;
}
