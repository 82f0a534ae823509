/**
 * What the editor holds against what is saved: which files differ, and how two people's (or two tabs') drafts come together.
 * Pure. Contents are compared by value; a file that is missing on one side is `null` there.
 */
import type { FileContent, Files } from "#core/contract/files.ts";

/** Files by path as they are to become: a content, or null where the file goes. */
export type Changes = Readonly<Record<string, FileContent | null>>;

export function sameContent(a: FileContent | undefined | null, b: FileContent | undefined | null): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  return a.base64 === b.base64;
}

/** The least that turns `base` into `files`. Empty when they are equal. */
export function changesBetween(base: Files, files: Files): Changes {
  const changes: Record<string, FileContent | null> = {};
  for (const path of new Set([...Object.keys(base), ...Object.keys(files)])) {
    if (!sameContent(base[path], files[path])) changes[path] = files[path] ?? null;
  }
  return changes;
}

export function applyChanges(base: Files, changes: Changes): Files {
  const files: Files = { ...base };
  for (const [path, content] of Object.entries(changes)) {
    if (content === null) delete files[path];
    else files[path] = content;
  }
  return files;
}

/** `now` without what turned `before` into `after`; files that changed again since then stay as they are. */
export function undoChanges(now: Files, before: Files, after: Files): Files {
  const back = Object.entries(changesBetween(after, before)).filter(([path]) => sameContent(now[path], after[path]));
  return applyChanges(now, Object.fromEntries(back));
}

export const hasChanges = (base: Files, files: Files): boolean => base !== files && Object.keys(changesBetween(base, files)).length > 0;

export type Side = "mine" | "theirs";

/** One path on which two drafts differ. `changedBy` says who moved away from the common base, where that is known. */
export interface Difference {
  path: string;
  mine: FileContent | null;
  theirs: FileContent | null;
  changedBy: "mine" | "theirs" | "both";
  /** What keeps both people's work: the side that changed it, or mine where both did. */
  suggested: Side;
}

/**
 * The paths on which `mine` and `theirs` differ, sorted. With the common `base` each is laid at somebody's door; without it
 * (it is no longer known) every one counts as changed by both.
 */
export function differencesBetween(base: Files | null, mine: Files, theirs: Files): Difference[] {
  return Object.keys(changesBetween(mine, theirs))
    .sort()
    .map((path) => {
      const changedBy = whoChanged(base, path, mine, theirs);
      return {
        path,
        mine: mine[path] ?? null,
        theirs: theirs[path] ?? null,
        changedBy,
        suggested: changedBy === "theirs" ? "theirs" : "mine",
      };
    });
}

function whoChanged(base: Files | null, path: string, mine: Files, theirs: Files): Difference["changedBy"] {
  if (base === null) return "both";
  if (sameContent(base[path], mine[path])) return "theirs";
  return sameContent(base[path], theirs[path]) ? "mine" : "both";
}

/** `theirs` with mine put back wherever `choose` says so. */
export function resolveDifferences(theirs: Files, differences: readonly Difference[], choose: (difference: Difference) => Side): Files {
  const kept = differences.filter((difference) => choose(difference) === "mine");
  return applyChanges(theirs, Object.fromEntries(kept.map(({ path, mine }) => [path, mine])));
}
