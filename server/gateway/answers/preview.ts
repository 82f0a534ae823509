import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { toBuffer } from "../visitor/caller.ts";
import type { Caller, Chunk } from "../visitor/caller.ts";
import { findHeader } from "../headers.ts";
import { insertTags, previewCard, previewTags } from "./preview-html.ts";
import type { GatewayAnswer } from "./refusal.ts";
import type { About } from "../route.ts";

/** Who asks for a page in order to show a card of it, by the word in its user agent. Crawlers of search engines are none. */
const LINK_PREVIEW =
  /slackbot-linkexpanding|slack-imgproxy|twitterbot|facebookexternalhit|facebot|discordbot|linkedinbot|whatsapp|telegrambot|skypeuripreview|redditbot|pinterestbot|mastodon|embedly|iframely|viber|vkshare|cardyb|mattermost|zulipurlembed|googlemessages|opengraph/i;

/** A path that is asked for by name and by programs, whatever their user agent. */
const NOT_A_PAGE = /^\/(?:robots\.txt|favicon\.ico|\.well-known\/)/;

/** Whether a request is made for a link preview. */
export function isLinkPreview(req: IncomingMessage): boolean {
  if (req.method !== "GET") return false;
  const agent = req.headers["user-agent"];
  return agent !== undefined && isPreviewAgent(agent) && !NOT_A_PAGE.test(req.url ?? "/");
}

export function isPreviewAgent(agent: string): boolean {
  return LINK_PREVIEW.test(agent);
}

/** Not passed on with a request for a preview: only a whole page that is not compressed can be read. */
const PLAIN = new Set(["accept-encoding", "range", "if-range", "if-none-match", "if-modified-since"]);

/** The app's headers of a request for a preview. */
export function toPreviewHeaders(headers: readonly string[]): string[] {
  const kept = ["accept-encoding", "identity"];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!PLAIN.has(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  }
  return kept;
}

/** How far into a page its head is looked for. */
const LOOK_AHEAD_BYTES = 65_536;

type Mode = "pass" | "look" | "drop";

/**
 * A caller that shows a card of what it is given: HTML gets Open Graph tags where it has none, and what is no page becomes a card
 * of the app. Images and the like are passed on, for they are what cards are made of; so is every answer but a plain 200.
 */
export class PreviewCaller implements Caller {
  readonly #caller: Caller;
  readonly #about: About;
  readonly #url: string;
  #mode: Mode = "pass";
  #head: { message: string | undefined; headers: string[] } | null = null;
  #looked: Buffer[] = [];
  #lookedBytes = 0;

  constructor(caller: Caller, about: About, url: string) {
    this.#caller = caller;
    this.#about = about;
    this.#url = url;
  }

  get method(): string {
    return this.#caller.method;
  }

  get target(): string {
    return this.#caller.target;
  }

  get wantsHtml(): boolean {
    return this.#caller.wantsHtml;
  }

  get hasBody(): boolean {
    return this.#caller.hasBody;
  }

  /** A page that asks again by itself is nothing for a program that looks once. */
  readonly isNavigation = false;

  bytesIn(): number {
    return this.#caller.bytesIn();
  }

  openBody(): Readable | Buffer | null {
    return this.#caller.openBody();
  }

  begin(status: number, message: string | undefined, headers: string[]): void {
    this.#mode = modeOf(status, headers);
    if (this.#mode === "pass") this.#caller.begin(status, message, headers);
    else if (this.#mode === "look") this.#head = { message, headers };
    else this.#sendCard();
  }

  write(piece: Chunk): boolean {
    if (this.#mode === "pass") return this.#caller.write(piece);
    if (this.#mode === "drop") return true;
    const chunk = toBuffer(piece);
    this.#looked.push(chunk);
    this.#lookedBytes += chunk.length;
    return this.#lookedBytes < LOOK_AHEAD_BYTES && !/<\/head|<body/i.test(chunk.toString("latin1")) ? true : this.#sendPage();
  }

  onDrain(resume: () => void): void {
    this.#caller.onDrain(resume);
  }

  /** Interim answers are for browsers. */
  inform(): void {}

  flush(): void {
    if (this.#mode === "pass") this.#caller.flush();
  }

  end(trailers: readonly string[]): void {
    if (this.#mode === "drop") return;
    if (this.#mode === "look") this.#sendPage();
    this.#caller.end(trailers);
  }

  fail(): void {
    this.#caller.fail();
  }

  refuse(answer: GatewayAnswer): void {
    this.#caller.refuse(answer);
  }

  #sendPage(): boolean {
    const { message, headers } = this.#head!;
    const looked = Buffer.concat(this.#looked);
    this.#mode = "pass";
    this.#looked = [];
    const page = insertTags(looked, previewTags(this.#about, this.#url));
    const added = page.length - looked.length;
    this.#caller.begin(200, message, added === 0 ? headers : toChangedHeaders(headers, added));
    return page.length === 0 || this.#caller.write(page);
  }

  #sendCard(): void {
    const body = previewCard(this.#about, this.#url);
    this.#caller.begin(200, undefined, [
      ...["content-type", "text/html; charset=utf-8", "content-length", String(body.length), "cache-control", "no-store"],
      ...["x-content-type-options", "nosniff", "content-security-policy", "default-src 'none'"],
    ]);
    this.#caller.write(body);
    this.#caller.end([]);
  }
}

function modeOf(status: number, headers: readonly string[]): Mode {
  if (status !== 200) return "pass";
  const type = findHeader(headers, "content-type")?.toLowerCase() ?? "";
  if (/^\s*(?:image|video|audio|font)\//.test(type) || /^\s*text\/css|javascript|\+oembed/.test(type)) return "pass";
  if (!/^\s*(?:text\/html|application\/xhtml\+xml)/.test(type)) return "drop";
  const encoding = findHeader(headers, "content-encoding");
  const readable = encoding === undefined || encoding.trim().toLowerCase() === "identity";
  // Only where ASCII is ASCII can a tag be put between the bytes.
  return readable && !/utf-(?:16|32)|utf-7/.test(type) ? "look" : "pass";
}

/** What names the very bytes of an answer, and is no longer true of it. */
const OF_THE_BYTES = new Set([
  "etag",
  "last-modified",
  "accept-ranges",
  "digest",
  "repr-digest",
  "content-digest",
  "content-md5",
  "cache-control",
]);

function toChangedHeaders(headers: readonly string[], added: number): string[] {
  const changed = ["cache-control", "no-store"];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const key = headers[i]!.toLowerCase();
    if (OF_THE_BYTES.has(key)) continue;
    const value = headers[i + 1]!;
    changed.push(headers[i]!, key === "content-length" ? String(Number(value) + added) : value);
  }
  return changed;
}
