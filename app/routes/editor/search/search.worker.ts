/** Search off the main thread: an expression may take for ever, and then only this worker is ended. */
import { searchFiles, type Found, type SearchQuery } from "#core/search-files.ts";
import type { Files } from "#core/contract/files.ts";

export interface Question {
  files: Files;
  paths: readonly string[];
  query: SearchQuery;
}
export type Answer = Found | { error: string };

self.addEventListener("message", ({ data }: MessageEvent<Question>) => {
  self.postMessage(answer(data));
});

function answer({ files, paths, query }: Question): Answer {
  try {
    return searchFiles(files, paths, query);
  } catch (error) {
    // `Invalid regular expression: /(/gu: Unterminated group`: its own words come last.
    const [, words = "it cannot be read"] = /: ([^:]+)$/.exec((error as Error).message) ?? [];
    return { error: `This is not a regular expression: ${words}` };
  }
}
