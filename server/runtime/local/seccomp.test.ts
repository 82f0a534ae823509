import { describe, expect, it } from "vitest";
import { compileSeccomp } from "./seccomp.ts";

interface Call {
  audit: number;
  number: number;
  args?: number[];
}

/** Runs a filter as the kernel would: the subset of cBPF that it is made of. */
function evaluate(filter: Buffer, { audit, number, args = [] }: Call): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number >>> 0, 0);
  data.writeUInt32LE(audit >>> 0, 4);
  args.forEach((value, index) => data.writeUInt32LE(value >>> 0, 16 + index * 8));
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const code = filter.readUInt16LE(at * 8);
    const value = filter.readUInt32LE(at * 8 + 4);
    const jump = (taken: boolean) => (at += filter.readUInt8(at * 8 + (taken ? 2 : 3)));
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x15) jump(accumulator === value);
    else if (code === 0x35) jump(accumulator >= value);
    else if (code === 0x45) jump((accumulator & value) !== 0);
    else if (code === 0x06) return value === 0x7fff_0000 ? "allow" : value === 0x8000_0000 ? "kill" : `errno ${value & 0xffff}`;
    else throw new Error(`instruction ${code.toString(16)}`);
  }
  throw new Error("ran off the end");
}

const machines = [
  { name: "x64", audit: 0xc000_003e, read: 0, unshare: 272, mount: 165, clone: 56, socket: 41, ioctl: 16, setresuid: 117 },
  { name: "arm64", audit: 0xc000_00b7, read: 63, unshare: 97, mount: 40, clone: 220, socket: 198, ioctl: 29, setresuid: 147 },
];

describe.each(machines)("the system call filter of $name", ({ name, audit, ...numbers }) => {
  const filter = compileSeccomp(name)!;
  const verdict = (number: number, ...args: number[]) => evaluate(filter, { audit, number, args });

  it("allows what programs ordinarily do", () => {
    expect(verdict(numbers.read)).toBe("allow");
    expect(verdict(numbers.setresuid)).toBe("allow");
    expect(verdict(numbers.clone, 0x3d0f00)).toBe("allow");
    expect(verdict(numbers.ioctl, 1, 0x5401)).toBe("allow");
    for (const family of [1, 2, 10, 16]) expect(verdict(numbers.socket, family)).toBe("allow");
  });

  it("refuses namespaces, mounts, foreign sockets and typing into a terminal", () => {
    expect(verdict(numbers.unshare)).toBe("errno 1");
    expect(verdict(numbers.mount)).toBe("errno 1");
    expect(verdict(435)).toBe("errno 38");
    for (const flag of [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000])
      expect(verdict(numbers.clone, flag | 17)).toBe("errno 1");
    for (const family of [17, 38, 40]) expect(verdict(numbers.socket, family)).toBe("errno 97");
    for (const request of [0x5412, 0x541c]) expect(verdict(numbers.ioctl, 0, request)).toBe("errno 1");
  });

  it("kills calls of another architecture", () => {
    expect(evaluate(filter, { audit: 0x4000_0003, number: numbers.read })).toBe("kill");
    if (name === "x64") expect(verdict(0x4000_0000 + 41, 40)).toBe("kill");
  });
});

it("has no filter for an architecture whose numbers are not known", () => expect(compileSeccomp("riscv64")).toBeNull());
