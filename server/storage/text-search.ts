/** `text` for a regular expression that means its characters and nothing else. */
export const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The condition that a field contains `text`, in any case; at most `most` characters of it are looked for. */
export const containsText = (text: string, most: number): { $regex: string; $options: "i" } => ({
  $regex: escapePattern(text.slice(0, most)),
  $options: "i",
});
