/** The test panel's requests: what is typed becomes a request, or says what is wrong with it. Pure. */
import type { ProxyRequest } from "#core/contract/request.ts";
import { refusePath } from "#core/contract/request-path.ts";
import { formatBytes, trafficLimits } from "#core/limits.ts";
import { toAuthorization, type AuthKind, type Credentials } from "./request-auth.ts";
import { encodeBody, parseBody, sizeOfParts, type BodyDraft, type PlannedBody } from "./request-bodies.ts";
import { refuseHeader, toHeaders, type Row } from "./request-headers.ts";

export const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

/** What the panel's fields hold; the credentials are not among them. */
export interface RequestDraft extends BodyDraft {
  method: string;
  path: string;
  headers: readonly Row[];
  auth: AuthKind;
}

export const emptyRequest: RequestDraft = {
  method: "GET",
  path: "/",
  headers: [],
  auth: "none",
  bodyKind: "json",
  text: "",
  fields: [],
  parts: [],
};

/** The request that an address asks to be written, such as the dashboard's *Send again*; null where it asks for none that can be sent. */
export function readRequest(params: URLSearchParams): Pick<RequestDraft, "method" | "path"> | null {
  const [method, path] = [params.get("method"), params.get("path")];
  if (path === null || refusePath(path) !== null) return null;
  return { method: methods.find((each) => each === method) ?? "GET", path };
}

export const takesBody = (method: string): boolean => method !== "GET" && method !== "HEAD";

/** A request whose fields hold together. The header with the credentials is apart, so that they need not be shown. */
export interface PlannedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  authorization: { kind: AuthKind; header: [string, string]; user: string } | null;
  body: PlannedBody | null;
}

export type RequestField = "path" | "headers" | "auth" | "body";
export type RequestTab = "query" | Exclude<RequestField, "path">;

/** What is wrong with the request as it is written. */
export interface Fault {
  field: RequestField;
  message: string;
  /** Where in the body's text, from 0. */
  at?: number;
}
export type ParsedRequest = { ok: true; request: PlannedRequest } | ({ ok: false } & Fault);

/** The request that the fields describe, or which field is at fault and why. */
export function parseRequest(draft: RequestDraft, credentials: Credentials): ParsedRequest {
  const path = draft.path.trim().replaceAll(" ", "%20") || "/";
  const refused = refusePath(path);
  if (refused !== null) return { ok: false, field: "path", message: refused };
  for (const row of draft.headers) {
    const refusal = row.on ? refuseHeader(row) : null;
    if (refusal !== null) return { ok: false, field: "headers", message: refusal };
  }
  const headers = toHeaders(draft.headers);
  const find = (wanted: string) => Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
  const authorization = toAuthorization(draft.auth, credentials);
  if (!authorization.ok) return { ok: false, field: "auth", message: authorization.message };
  const { header } = authorization;
  if (header && find(header[0].toLowerCase()) !== null)
    return {
      ok: false,
      field: "auth",
      message: `${header[0]} stands among the headers as well: switch it off there, or choose None here.`,
    };
  let body: PlannedBody | null = null;
  if (takesBody(draft.method)) {
    if (draft.bodyKind === "multipart" && sizeOfParts(draft.parts) > trafficLimits.proxyBodyBytes)
      return { ok: false, field: "body", message: `The files are larger than ${formatBytes(trafficLimits.proxyBodyBytes)} together.` };
    const parsed = parseBody(draft, find("content-type"));
    if (!parsed.ok) return parsed;
    body = parsed.body;
    if (parsed.contentType !== null) headers["Content-Type"] = parsed.contentType;
  }
  return {
    ok: true,
    request: {
      method: draft.method,
      path,
      headers,
      authorization: header && { kind: draft.auth, header, user: credentials.user },
      body,
    },
  };
}

/** The request as the platform takes it; chosen files are read now. */
export async function toProxyRequest({ method, path, headers: given, authorization, body }: PlannedRequest): Promise<ProxyRequest> {
  const { contentType, ...encoded } = body === null ? {} : await encodeBody(body);
  const headers = { ...given };
  if (contentType !== undefined && !Object.keys(headers).some((name) => name.toLowerCase() === "content-type"))
    headers["Content-Type"] = contentType;
  if (authorization) headers[authorization.header[0]] = authorization.header[1];
  return { method, path, ...(Object.keys(headers).length > 0 && { headers }), ...encoded };
}
