/** The rule for a path that is sent to an app; apart from its schema, so that a page can ask it without zod. */
export const requestPath = {
  most: 8_192,
  pattern: /^\/(?![/\\])[^\s\r\n]*$/,
  message: "Begins with one / and has no spaces or line breaks",
} as const;

/** What is wrong with the path, in words; null: nothing. */
export function refusePath(path: string): string | null {
  if (path.length > requestPath.most) return `At most ${requestPath.most} characters`;
  return requestPath.pattern.test(path) ? null : requestPath.message;
}
