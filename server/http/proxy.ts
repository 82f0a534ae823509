/** The test panel's request and answer between JSON and bytes, for the API and the page alike. */
import { AppError } from "#core/contract/problem.ts";
import type { ProxyAnswer, ProxyRequest } from "#core/contract/request.ts";
import { formatBytes, trafficLimits } from "#core/limits.ts";

/**
 * The bytes of the request's body; undefined without one.
 * @throws AppError `payload_too_large`, or `invalid_request` for what says that it is base64 and is not.
 */
export function toProxyBody({ body, bodyEncoding }: Pick<ProxyRequest, "body" | "bodyEncoding">): Buffer | undefined {
  if (body === undefined) return undefined;
  // Node reads past what does not belong there; an app would be given other bytes than were meant.
  if (bodyEncoding === "base64" && (body.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(body.replace(/={1,2}$/, ""))))
    throw new AppError("invalid_request", "The body says that it is base64, and is not.", {
      problems: [{ path: "body", message: "Standard base64 with its padding, without line breaks" }],
    });
  const bytes = Buffer.from(body, bodyEncoding === "base64" ? "base64" : "utf8");
  if (bytes.length > trafficLimits.proxyBodyBytes)
    throw new AppError("payload_too_large", `A test request's body has at most ${formatBytes(trafficLimits.proxyBodyBytes)}.`);
  return bytes;
}

/** Text as text where the bytes are UTF-8 (a cut may split its last character), else base64. */
export function encodeProxyBody(body: Buffer, truncated: boolean): Pick<ProxyAnswer, "body" | "bodyEncoding"> {
  try {
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body, { stream: truncated }), bodyEncoding: "utf8" };
  } catch {
    return { body: body.toString("base64"), bodyEncoding: "base64" };
  }
}
