/**
 * A request as somebody would write it elsewhere: for a shell, for Python, for JavaScript. Pure; whatever is in it stays data.
 * Credentials are left out: a variable of the environment stands in their place.
 */
import type { PlannedBody, PlannedPart } from "./request-bodies.ts";
import type { CodeKind } from "./request-kinds.ts";
import type { PlannedRequest } from "./requests.ts";

/** `origin`: the app's URL, with or without a slash at its end. */
export function toCode(kind: CodeKind, request: PlannedRequest, origin: string): string {
  const url = origin.replace(/\/$/, "") + request.path;
  if (kind === "curl") return toCurl(request, url);
  return kind === "python" ? toPython(request, url) : toJavaScript(request, url);
}

/** The variable that stands for the credentials, or null without any. */
export function variableOf({ authorization }: PlannedRequest): string | null {
  if (authorization === null) return null;
  return authorization.kind === "basic" ? "PASSWORD" : authorization.kind === "key" ? "API_KEY" : "TOKEN";
}

/** Between single quotes nothing means anything to a shell but the quote itself. */
const shellQuote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function toCurl(request: PlannedRequest, url: string): string {
  const { method, headers, body, authorization } = request;
  const words = [`curl ${shellQuote(url)}`];
  if (method === "HEAD") words.push("--head");
  else if (method !== (body === null ? "GET" : "POST")) words.push(`--request ${method}`);
  // Brackets in a path are curl's own patterns unless it is told that they are not.
  if (/[[\]{}]/.test(url)) words.push("--globoff");
  if (authorization) {
    const variable = `"$${variableOf(request)}"`;
    if (authorization.kind === "basic") words.push(`--user ${shellQuote(`${authorization.user}:`)}${variable}`);
    else words.push(`--header ${shellQuote(`${authorization.header[0]}: ${schemeOf(request)}`)}${variable}`);
  }
  for (const [name, value] of Object.entries(headers))
    words.push(`--header ${shellQuote(value === "" ? `${name};` : `${name}: ${value}`)}`);
  if (body) words.push(...toCurlBody(body));
  return words.join(" \\\n  ");
}

function toCurlBody(body: PlannedBody): string[] {
  // Raw: `--data` takes @ at the beginning for a file, and line breaks away.
  if (body.kind === "text") return [`--data-raw ${shellQuote(body.text)}`];
  // curl encodes what comes after the first = and leaves the name.
  if (body.kind === "form")
    return body.fields.map(([name, value]) => `--data-urlencode ${shellQuote(`${encodeURIComponent(name)}=${value}`)}`);
  return body.parts.map((part) => {
    if ("text" in part) return `--form-string ${shellQuote(`${part.name}=${part.text}`)}`;
    const path = part.file.name.replace(/["\\]/g, (each) => `\\${each}`);
    return `--form ${shellQuote(`${part.name}=@"${path}"${part.file.type === "" ? "" : `;type=${part.file.type}`}`)}`;
  });
}

/** JSON's strings are Python's and JavaScript's too. */
const quote = (text: string): string => JSON.stringify(text);

/** What stands before the credentials in their header. */
const schemeOf = ({ authorization }: PlannedRequest): string => (authorization?.kind === "bearer" ? "Bearer " : "");

/** The headers as a literal, the credentials by `secret`. */
function dictionary(request: PlannedRequest, secret: string, left = ""): string {
  const entries = Object.entries(request.headers).map(([name, value]) => `${quote(name)}: ${quote(value)}`);
  const { authorization } = request;
  if (authorization) {
    const scheme = left || schemeOf(request);
    entries.push(`${quote(authorization.header[0])}: ${scheme === "" ? "" : `${quote(scheme)} + `}${secret}`);
  }
  return `{${entries.join(", ")}}`;
}

function toPython(request: PlannedRequest, url: string): string {
  const { method, authorization, body } = request;
  const secret = `os.environ[${quote(variableOf(request) ?? "")}]`;
  const basic = authorization?.kind === "basic";
  const shown = basic ? { ...request, authorization: null } : request;
  const lines = [`    ${quote(method)},`, `    ${quote(url)},`];
  if (Object.keys(shown.headers).length > 0 || shown.authorization) lines.push(`    headers=${dictionary(shown, secret)},`);
  if (basic) lines.push(`    auth=(${quote(authorization.user)}, ${secret}),`);
  if (body?.kind === "text") lines.push(`    content=${quote(body.text)}.encode(),`);
  if (body?.kind === "form") lines.push(`    data=${toPythonData(body.fields)},`);
  if (body?.kind === "multipart") lines.push(`    files=[`, ...body.parts.map((part) => `        ${toPythonPart(part)},`), `    ],`);
  return `${authorization ? "import os\n\n" : ""}import httpx\n\nresponse = httpx.request(\n${lines.join("\n")}\n)\nprint(response.status_code, response.text)\n`;
}

/** A name that stands more than once has a list. */
function toPythonData(fields: readonly [string, string][]): string {
  const values = new Map<string, string[]>();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), quote(value)]);
  return `{${[...values].map(([name, each]) => `${quote(name)}: ${each.length === 1 ? each[0]! : `[${each.join(", ")}]`}`).join(", ")}}`;
}

const toPythonPart = (part: PlannedPart): string =>
  "text" in part
    ? `(${quote(part.name)}, (None, ${quote(part.text)}))`
    : `(${quote(part.name)}, (${quote(part.file.name)}, open(${quote(part.file.name)}, "rb")${part.file.type === "" ? "" : `, ${quote(part.file.type)}`}))`;

function toJavaScript(request: PlannedRequest, url: string): string {
  const { method, headers, authorization, body } = request;
  const variable = `process.env.${variableOf(request)}`;
  const basic = authorization?.kind === "basic";
  const secret = basic ? `btoa(${quote(`${authorization.user}:`)} + ${variable})` : variable;
  const before: string[] = [];
  const lines = [`  method: ${quote(method)},`];
  if (Object.keys(headers).length > 0 || authorization) lines.push(`  headers: ${dictionary(request, secret, basic ? "Basic " : "")},`);
  if (body?.kind === "text") lines.push(`  body: ${quote(body.text)},`);
  if (body?.kind === "form") lines.push(`  body: new URLSearchParams(${JSON.stringify(body.fields)}),`);
  if (body?.kind === "multipart") {
    if (body.parts.some((part) => "file" in part)) before.push(`import { openAsBlob } from "node:fs";\n`);
    before.push(`const form = new FormData();`, ...body.parts.map(toJavaScriptPart));
    lines.push(`  body: form,`);
  }
  const head = before.length === 0 ? "" : `${before.join("\n")}\n`;
  return `${head}const response = await fetch(${quote(url)}, {\n${lines.join("\n")}\n});\nconsole.log(response.status, await response.text());\n`;
}

function toJavaScriptPart(part: PlannedPart): string {
  if ("text" in part) return `form.append(${quote(part.name)}, ${quote(part.text)});`;
  const { name, type } = part.file;
  const blob = `await openAsBlob(${quote(name)}${type === "" ? "" : `, { type: ${quote(type)} }`})`;
  return `form.append(${quote(part.name)}, ${blob}, ${quote(name)});`;
}
