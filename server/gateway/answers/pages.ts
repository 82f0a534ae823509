/** The gateway's own pages: self-contained, without scripts, in both themes. They stand on an app's host, so they load nothing. */
import { createHash } from "node:crypto";

const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#18181b;--muted:#5f5f68;--line:#e4e4e7;--dot:#b45309}
@media (prefers-color-scheme:dark){:root{--bg:#101012;--fg:#f4f4f5;--muted:#a1a1aa;--line:#2a2a2e;--dot:#fbbf24}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;align-items:center;justify-content:center;padding:24px;background:var(--bg);color:var(--fg);font:14px/1.6 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:440px}
h1{margin:0 0 8px;font-size:20px;line-height:1.3;font-weight:600;letter-spacing:-.01em;display:flex;align-items:center;gap:12px}
p{margin:0;color:var(--muted)}
a{display:inline-block;margin-top:12px;color:var(--fg);text-underline-offset:3px}
footer{margin-top:24px;padding-top:16px;border-top:1px solid var(--line);color:var(--muted);font-size:12px}
code{font:12px/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.dot{flex:none;width:10px;height:10px;border-radius:50%;background:var(--dot);animation:pulse 1.2s ease-in-out infinite}
@keyframes pulse{50%{opacity:.35}}
@media (prefers-reduced-motion:reduce){.dot{animation:none}}
`;

/** Nothing may load or run but this very style sheet. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'`;

export interface Page {
  html: string;
  policy: string;
}

export function errorPage(input: {
  title: string;
  detail: string;
  requestId: string;
  link?: { href: string; label: string } | undefined;
}): Page {
  return document({
    title: input.title,
    head: "",
    body: `<h1>${escape(input.title)}</h1>
<p>${escape(input.detail)}</p>${input.link === undefined ? "" : linkTo(input.link)}
<footer>Request <code>${escape(input.requestId)}</code></footer>`,
  });
}

/** In a tab of its own: the page may stand in a frame of the editor. */
function linkTo({ href, label }: { href: string; label: string }): string {
  return `\n<p><a href="${escape(href)}" target="_blank" rel="noopener">${escape(label)}</a></p>`;
}

/** Asks again after a second; whoever's browser does not can press reload. */
export function wakingPage(input: { requestId: string }): Page {
  return document({
    title: "Waking up",
    head: `<meta http-equiv="refresh" content="1">\n`,
    body: `<h1><span class="dot"></span>Waking up</h1>
<p role="status">This app was asleep and is starting. The page opens by itself.</p>
<footer>Request <code>${escape(input.requestId)}</code></footer>`,
  });
}

function document(parts: { title: string; head: string; body: string }): Page {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(parts.title)}</title>
${parts.head}<style>${STYLE}</style>
</head>
<body>
<main>
${parts.body}
</main>
</body>
</html>
`;
  return { html, policy: POLICY };
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
