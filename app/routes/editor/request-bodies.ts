/** Bodies of test requests: JSON, forms, multipart, any text. What is typed becomes a plan; a plan becomes bytes. Pure but for reading chosen files. */
import { findJsonMistake } from "./json-mistake.ts";
import type { Row } from "./request-headers.ts";

export const bodyKinds = [
  { id: "json", label: "JSON" },
  { id: "form", label: "Form" },
  { id: "multipart", label: "Multipart form" },
  { id: "text", label: "Text" },
] as const;
export type BodyKind = (typeof bodyKinds)[number]["id"];

/** A file for a multipart form. Its content stays in the browser's memory: after a reload only its name is known. */
export interface ChosenFile {
  name: string;
  type: string;
  sizeBytes: number;
  content: Blob | null;
}

/** A field of a multipart form: text, or a file. */
export interface Part extends Row {
  isFile: boolean;
  file: ChosenFile | null;
}

export interface BodyDraft {
  bodyKind: BodyKind;
  /** Of JSON and text. */
  text: string;
  /** Of a form. */
  fields: readonly Row[];
  /** Of a multipart form. */
  parts: readonly Part[];
}

export type PlannedPart = { name: string; text: string } | { name: string; file: ChosenFile };
export type PlannedBody =
  | { kind: "text"; text: string }
  | { kind: "form"; fields: readonly [string, string][] }
  | { kind: "multipart"; parts: readonly PlannedPart[] };

/** `at`: where in the text the mistake is, from 0. */
export type ParsedBody =
  | { ok: true; body: PlannedBody | null; contentType: string | null }
  | { ok: false; field: "body"; message: string; at?: number };

/** What the body's fields say. `ownType`: a Content-Type among the headers, which counts before the one that follows from the kind. */
export function parseBody({ bodyKind, text, fields, parts }: BodyDraft, ownType: string | null): ParsedBody {
  const refuse = (message: string, at?: number): ParsedBody => ({ ok: false, field: "body", message, ...(at === undefined ? {} : { at }) });
  if (bodyKind === "form") {
    const sent = fields.filter(({ name, on }) => on && name !== "").map(({ name, value }): [string, string] => [name, value]);
    return { ok: true, body: sent.length === 0 ? null : { kind: "form", fields: sent }, contentType: null };
  }
  if (bodyKind === "multipart") {
    if (ownType !== null)
      return refuse("A multipart form writes its own Content-Type, with its boundary: switch the one among the headers off.");
    const sent: PlannedPart[] = [];
    for (const { name, value, on, isFile, file } of parts) {
      if (!on || name === "") continue;
      if (!isFile) sent.push({ name, text: value });
      else if (file === null) return refuse(`Choose a file for ${name}, or switch it off.`);
      else if (file.content === null) return refuse(`Choose ${file.name} again: files are not kept in the history after a reload.`);
      else sent.push({ name, file });
    }
    return { ok: true, body: sent.length === 0 ? null : { kind: "multipart", parts: sent }, contentType: null };
  }
  if (text === "") return { ok: true, body: null, contentType: null };
  if (bodyKind === "text")
    return { ok: true, body: { kind: "text", text }, contentType: ownType === null ? "text/plain; charset=utf-8" : null };
  // With another Content-Type, such as application/x-ndjson, it is the app that knows what it takes.
  const mistake = ownType === null || /[/+]json$/i.test(ownType.split(";")[0]!.trim()) ? findJsonMistake(text) : null;
  if (mistake)
    return refuse(
      `Not JSON, line ${mistake.line}, column ${mistake.column}: ${mistake.message} What is meant to be no JSON is sent as Text.`,
      mistake.at,
    );
  return { ok: true, body: { kind: "text", text }, contentType: ownType === null ? "application/json" : null };
}

export interface EncodedBody {
  body: string;
  bodyEncoding?: "base64";
  /** What the body says of itself, where the headers do not. */
  contentType?: string;
}

/** The body as the platform takes it. A browser writes multipart forms itself: boundary, names in quotes and all. */
export async function encodeBody(planned: PlannedBody): Promise<EncodedBody> {
  if (planned.kind === "text") return { body: planned.text };
  if (planned.kind === "form")
    return { body: new URLSearchParams(planned.fields as [string, string][]).toString(), contentType: "application/x-www-form-urlencoded" };
  const form = new FormData();
  for (const part of planned.parts) {
    if ("text" in part) form.append(part.name, part.text);
    else form.append(part.name, new Blob([part.file.content!], { type: part.file.type }), part.file.name);
  }
  const written = new Response(form);
  const contentType = written.headers.get("content-type")!;
  return { body: toBase64(new Uint8Array(await written.arrayBuffer())), bodyEncoding: "base64", contentType };
}

/** A call's arguments are few thousand at most; three bytes make four characters, so that pieces can be joined. */
const pieceBytes = 3 * 8_192;

/** Also of megabytes. */
export function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let from = 0; from < bytes.length; from += pieceBytes)
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(from, from + pieceBytes))));
  return pieces.join("");
}

export const sizeOfParts = (parts: readonly Part[]): number =>
  parts.reduce((sum, { on, file }) => sum + (on ? (file?.sizeBytes ?? 0) : 0), 0);
