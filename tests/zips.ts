/** ZIPs made by hand, byte by byte, so that tests can make ones that no tool would. */
import { deflateRawSync } from "node:zlib";
import { crc32 } from "#core/zip/crc32.ts";

export interface PartOptions {
  name: string;
  content?: string | Uint8Array;
  /** What the list claims, where it is not the truth. */
  claimedBytes?: number;
  crc?: number;
  method?: number;
  flags?: number;
  /** Unix mode with the kind of file. */
  mode?: number;
  /** In the header before the data. */
  headerName?: string;
  /** Data as it stands, instead of the packed content. */
  packed?: Uint8Array;
  /** Points at the header of an earlier part instead of one of its own. */
  shares?: number;
  latin1?: boolean;
}

/** A ZIP of these parts. `count` is what its closing record says. */
export function buildZip(parts: readonly PartOptions[], { count = parts.length, comment = "" } = {}): Uint8Array<ArrayBuffer> {
  const body: Buffer[] = [];
  const list: Buffer[] = [];
  const starts: number[] = [];
  let at = 0;
  for (const part of parts) {
    const content = Buffer.from(part.content ?? "");
    const method = part.method ?? 8;
    const packed = part.packed ?? (method === 8 ? deflateRawSync(content) : content);
    const name = Buffer.from(part.name, part.latin1 ? "latin1" : "utf8");
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(part.flags ?? 0x800, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(part.crc ?? crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(part.claimedBytes ?? content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const start = part.shares === undefined ? at : starts[part.shares]!;
    starts.push(start);
    if (part.shares === undefined) {
      const headerName = Buffer.from(part.headerName ?? part.name, part.latin1 ? "latin1" : "utf8");
      const header = Buffer.from(fields);
      header.writeUInt16LE(headerName.length, 22);
      const whole = Buffer.concat([Buffer.from("PK\x03\x04"), header, headerName, packed]);
      body.push(whole);
      at += whole.length;
    }
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((part.mode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(start, 10);
    // Made by Unix, whose modes stand in the attributes.
    list.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x03", "latin1"), fields, tail, name]));
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(Buffer.concat(list).length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return new Uint8Array(Buffer.concat([...body, ...list, end, Buffer.from(comment)]));
}

/** Zeros, packed as tightly as Deflate can: 1 GB of them is 1 MB. */
export const packedZeros = (bytes: number): Buffer => deflateRawSync(Buffer.alloc(bytes), { level: 9 });
