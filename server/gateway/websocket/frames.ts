const NONE = Buffer.alloc(0);

/** Where the frames of a WebSocket begin and end (RFC 6455, 5.2), without looking into them. */
export class FrameBoundary {
  /** Bytes of the current frame's payload that are still to come. */
  #payload = 0;
  /** The bytes of a head that came in pieces. */
  #head = NONE;

  /** Between two frames: a frame of ours may be put here. */
  get between(): boolean {
    return this.#payload === 0 && this.#head.length === 0;
  }

  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payload > 0) {
        const passed = Math.min(this.#payload, chunk.length - at);
        this.#payload -= passed;
        at += passed;
        continue;
      }
      const rest = chunk.subarray(at);
      const head = this.#head.length === 0 ? rest : Buffer.concat([this.#head, rest]);
      const length = headLength(head);
      if (length > head.length) {
        this.#head = Buffer.from(head);
        return;
      }
      at += length - this.#head.length;
      this.#head = NONE;
      this.#payload = payloadLength(head);
    }
  }
}

/** As far as the bytes tell: two until the second one says more. */
function headLength(head: Buffer): number {
  const second = head[1];
  if (second === undefined) return 2;
  const length = second & 0x7f;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
}

function payloadLength(head: Buffer): number {
  const length = head[1]! & 0x7f;
  if (length === 126) return head.readUInt16BE(2);
  return length === 127 ? Number(head.readBigUInt64BE(2)) : length;
}

/** "Going away", as a server sends it. */
export const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);
