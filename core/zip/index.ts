/**
 * ZIPs, read and written within bounds. Pure: the same in the browser (a ZIP dropped on the editor) and on the server (export, import).
 * Guarantees: whatever the bytes are, no more is inflated than the bounds allow, header sizes are never believed, and a ZIP that could mean
 * two things (names that differ, parts that overlap, paths that lead out) is refused as a whole, with each reason in words.
 * Does not know which files an app may have: `core/bundle.ts` does.
 */
export { readZip, type ZipContent, type ZipProblem } from "./read.ts";
export { writeZip } from "./write.ts";
