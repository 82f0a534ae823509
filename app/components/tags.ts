/** What somebody typed as tags, as tags: small letters, words joined by hyphens, each once. What they may be is checked where they are kept. */
export function parseTags(text: string): string[] {
  const words = text
    .toLowerCase()
    .split(/[,;#\s]+/)
    .map((word) => word.replace(/_+/g, "-").replace(/^-+|-+$/g, ""));
  return [...new Set(words.filter(Boolean))];
}
