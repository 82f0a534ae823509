/** Where the editor opens at a place. */
export function toEditorPath(slug: string, file: string, line: number): string {
  return `/apps/${slug}/edit?${new URLSearchParams({ file, line: String(line) })}`;
}
