import { zipSync, type Zippable } from "fflate";

/** DOS times begin in 1980. */
const earliest = Date.UTC(1980, 0, 2);

/** A ZIP of these files, in their order, all of one time. What goes in comes out of `readZip` byte for byte. */
export function writeZip(files: ReadonlyMap<string, Uint8Array>, at: Date): Uint8Array<ArrayBuffer> {
  const mtime = Math.max(at.getTime(), earliest);
  const zippable: Zippable = {};
  for (const [path, bytes] of files) zippable[path] = [bytes, { mtime, level: 6 }];
  return zipSync(zippable) as Uint8Array<ArrayBuffer>;
}
