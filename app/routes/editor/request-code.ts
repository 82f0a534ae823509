/** A request as somebody would write it elsewhere: for a shell, for Python, for JavaScript. Pure; whatever is in it stays data. */
import type { ProxyRequest } from "#core/contract/request.ts";

export const codeKinds = [
  { id: "curl", label: "curl" },
  { id: "python", label: "Python (httpx)" },
  { id: "javascript", label: "JavaScript (fetch)" },
] as const;
export type CodeKind = (typeof codeKinds)[number]["id"];

/** `origin`: the app's URL, with or without a slash at its end. */
export function toCode(kind: CodeKind, request: ProxyRequest, origin: string): string {
  const url = origin.replace(/\/$/, "") + request.path;
  if (kind === "curl") return toCurl(request, url);
  return kind === "python" ? toPython(request, url) : toJavaScript(request, url);
}

/** Between single quotes nothing means anything to a shell but the quote itself. */
const shellQuote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function toCurl({ method, headers = {}, body }: ProxyRequest, url: string): string {
  const words = [`curl ${shellQuote(url)}`];
  if (method === "HEAD") words.push("--head");
  else if (method !== (body === undefined ? "GET" : "POST")) words.push(`--request ${method}`);
  // Brackets in a path are curl's own patterns unless it is told that they are not.
  if (/[[\]{}]/.test(url)) words.push("--globoff");
  for (const [name, value] of Object.entries(headers))
    words.push(`--header ${shellQuote(value === "" ? `${name};` : `${name}: ${value}`)}`);
  // Raw: `--data` takes @ at the beginning for a file, and line breaks away.
  if (body !== undefined) words.push(`--data-raw ${shellQuote(body)}`);
  return words.join(" \\\n  ");
}

/** JSON's strings are Python's and JavaScript's too. */
const quote = (text: string): string => JSON.stringify(text);

const dictionary = (headers: Readonly<Record<string, string>>): string =>
  `{${Object.entries(headers)
    .map(([name, value]) => `${quote(name)}: ${quote(value)}`)
    .join(", ")}}`;

function toPython({ method, headers, body }: ProxyRequest, url: string): string {
  const lines = [`    ${quote(method)},`, `    ${quote(url)},`];
  if (headers) lines.push(`    headers=${dictionary(headers)},`);
  if (body !== undefined) lines.push(`    content=${quote(body)}.encode(),`);
  return `import httpx\n\nresponse = httpx.request(\n${lines.join("\n")}\n)\nprint(response.status_code, response.text)\n`;
}

function toJavaScript({ method, headers, body }: ProxyRequest, url: string): string {
  const lines = [`  method: ${quote(method)},`];
  if (headers) lines.push(`  headers: ${dictionary(headers)},`);
  if (body !== undefined) lines.push(`  body: ${quote(body)},`);
  return `const response = await fetch(${quote(url)}, {\n${lines.join("\n")}\n});\nconsole.log(response.status, await response.text());\n`;
}
