/** How a test request says who asks. The credentials are the panel's, of this session: the request and the history know the kind only. Pure. */
import { isHeaderName, isHeaderValue } from "./request-headers.ts";

export const authKinds = [
  { id: "none", label: "None" },
  { id: "bearer", label: "Bearer token" },
  { id: "basic", label: "Basic" },
  { id: "key", label: "API key" },
] as const;
export type AuthKind = (typeof authKinds)[number]["id"];

export interface Credentials {
  token: string;
  user: string;
  password: string;
  keyName: string;
  key: string;
}

export const noCredentials: Credentials = { token: "", user: "", password: "", keyName: "X-API-Key", key: "" };

export type Authorization = { ok: true; header: [string, string] | null } | { ok: false; message: string };

/** The header that carries the credentials, or why there is none. */
export function toAuthorization(kind: AuthKind, { token, user, password, keyName, key }: Credentials): Authorization {
  if (kind === "none") return { ok: true, header: null };
  const text = kind === "bearer" ? token.trim() : key.trim();
  if (kind === "basic") {
    if (user === "") return { ok: false, message: "Give a user, or choose None." };
    if (user.includes(":")) return { ok: false, message: "A user's name in Basic has no colon." };
    return { ok: true, header: ["Authorization", `Basic ${toBase64(`${user}:${password}`)}`] };
  }
  if (text === "") return { ok: false, message: `Give ${kind === "bearer" ? "a token" : "the key"}, or choose None.` };
  if (!isHeaderValue(text)) return { ok: false, message: "It has characters that no header can carry." };
  if (kind === "bearer") return { ok: true, header: ["Authorization", `Bearer ${text}`] };
  if (!isHeaderName(keyName.trim())) return { ok: false, message: "The header's name has letters, digits and - only." };
  return { ok: true, header: [keyName.trim(), text] };
}

/** RFC 7617: in UTF-8. */
const toBase64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
