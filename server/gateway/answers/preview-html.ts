/** The few tags that a link preview is made of. Pure. */
import type { About } from "../route.ts";

const FALLBACK = "A web app on FastAPI Platform.";

/** Open Graph tags in ASCII, so that they are right in every encoding a page may have. */
export function previewTags({ name, description }: About, url: string): Buffer {
  const tag = (property: string, content: string): string => `<meta property="og:${property}" content="${toAscii(content)}">`;
  return Buffer.from(
    [tag("title", name), tag("description", description || FALLBACK), tag("url", url), tag("type", "website")].join("\n") + "\n",
    "latin1",
  );
}

/** A whole page for what is none. */
export function previewCard(about: About, url: string): Buffer {
  const description = toAscii(about.description || FALLBACK);
  return Buffer.from(
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${toAscii(about.name)}</title>
<meta name="description" content="${description}">
${previewTags(about, url).toString("latin1")}</head>
<body>
<h1>${toAscii(about.name)}</h1>
<p>${description}</p>
</body>
</html>
`,
    "latin1",
  );
}

/** `page` with `tags` at the start of its head; untouched when it has Open Graph tags of its own. */
export function insertTags(page: Buffer, tags: Buffer): Buffer {
  // One character a byte: positions in the text are positions in the bytes.
  const text = page.toString("latin1");
  if (/^(?:\xff\xfe|\xfe\xff)/.test(text)) return page;
  const visible = text.replace(/<!--[^]*?(?:-->|$)/g, (comment) => " ".repeat(comment.length));
  if (/<meta\s[^>]*(?:property|name)\s*=\s*["']?og:/i.test(visible)) return page;
  const at = insertionPoint(visible);
  return Buffer.concat([page.subarray(0, at), tags, page.subarray(at)]);
}

/** Behind the opening of the head, else where a browser would begin one. */
function insertionPoint(text: string): number {
  for (const opening of [/<head(?:\s[^>]*)?>/i, /<html(?:\s[^>]*)?>/i, /<!doctype[^>]*>/i, /^\xef\xbb\xbf/]) {
    const found = opening.exec(text);
    if (found !== null) return found.index + found[0].length;
  }
  return 0;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function toAscii(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!).replace(/[^ -~]/gu, (character) => `&#${character.codePointAt(0)};`);
}
