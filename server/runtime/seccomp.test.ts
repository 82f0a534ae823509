import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileSeccomp, deniedCalls, type SeccompArchitecture } from "./seccomp.ts";

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
    else if (code === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (code === 0x06) return value === 0x7fff_0000 ? "allow" : value === 0x8000_0000 ? "kill" : `errno ${value & 0xffff}`;
    else throw new Error(`instruction ${code.toString(16)}`);
  }
  throw new Error("ran off the end");
}

const machines = [
  { name: "x64", audit: 0xc000_003e, read: 0, unshare: 272, mount: 165, clone: 56, socket: 41, pair: 53, ioctl: 16, setresuid: 117 },
  { name: "arm64", audit: 0xc000_00b7, read: 63, unshare: 97, mount: 40, clone: 220, socket: 198, pair: 199, ioctl: 29, setresuid: 147 },
];

describe.each(machines)("the system call filter of $name", ({ name, audit, ...numbers }) => {
  const filter = compileSeccomp(name)!;
  const verdict = (number: number, ...args: number[]) => evaluate(filter, { audit, number, args });

  it("allows what programs ordinarily do", () => {
    expect(verdict(numbers.read)).toBe("allow");
    expect(verdict(numbers.setresuid)).toBe("allow");
    expect(verdict(numbers.clone, 0x3d0f00)).toBe("allow");
    expect(verdict(numbers.ioctl, 1, 0x5401)).toBe("allow");
    const nonBlocking = 0x8_0800;
    for (const family of [2, 10]) for (const type of [1, 2]) expect(verdict(numbers.socket, family, type | nonBlocking, 0)).toBe("allow");
    expect(verdict(numbers.socket, 2, 1, 6)).toBe("allow");
    expect(verdict(numbers.socket, 2, 2, 17)).toBe("allow");
    for (const type of [1, 2, 5]) expect(verdict(numbers.socket, 1, type, 0)).toBe("allow");
    expect(verdict(numbers.socket, 16, 3, 0)).toBe("allow");
    expect(verdict(numbers.pair, 1, 1)).toBe("allow");
    // futex_waitv and epoll_pwait2: the newest that libraries use.
    for (const number of [449, 441, 456]) expect(verdict(number)).toBe("allow");
  });

  it("refuses namespaces, mounts, foreign sockets and typing into a terminal", () => {
    expect(verdict(numbers.unshare)).toBe("errno 1");
    expect(verdict(numbers.mount)).toBe("errno 1");
    expect(verdict(435)).toBe("errno 38");
    for (const flag of [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000])
      expect(verdict(numbers.clone, flag | 17)).toBe("errno 1");
    for (const family of [0, 17, 30, 38, 40, 44]) {
      expect(verdict(numbers.socket, family, 1, 0)).toBe("errno 97");
      expect(verdict(numbers.pair, family, 1)).toBe("errno 97");
    }
    for (const request of [0x5412, 0x541c, 0x5423]) expect(verdict(numbers.ioctl, 0, request)).toBe("errno 1");
  });

  it("refuses raw sockets, protocols that load kernel modules, and netlink but for addresses", () => {
    for (const type of [3, 4, 5, 6, 10]) expect(verdict(numbers.socket, 2, type, 0)).toBe("errno 94");
    for (const protocol of [1, 33, 132, 136, 262]) expect(verdict(numbers.socket, 10, 1, protocol)).toBe("errno 93");
    for (const protocol of [4, 6, 9, 12, 15, 16]) expect(verdict(numbers.socket, 16, 3, protocol)).toBe("errno 93");
  });

  it("refuses what is newer than its list", () => {
    for (const number of [457, 462, 467, 1_000, 0x3fff_ffff]) expect(verdict(number)).toBe("errno 38");
  });

  it("kills calls of another architecture", () => {
    expect(evaluate(filter, { audit: 0x4000_0003, number: numbers.read })).toBe("kill");
    expect(verdict(0x4000_0000 + 41, 40)).toBe("kill");
  });
});

it("has no filter for an architecture whose numbers are not known", () => expect(compileSeccomp("riscv64")).toBeNull());

describe("the numbers", () => {
  const headers = [
    { architecture: "x64", path: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h" },
    { architecture: "arm64", path: "/usr/include/asm-generic/unistd.h" },
  ];
  it.for(headers)("of $architecture are those of the kernel's header, where it is installed", ({ architecture, path }, { skip }) => {
    if (!existsSync(path)) skip("no kernel headers here");
    const known = new Map(
      [...readFileSync(path, "utf8").matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm)].map(([, name, number]) => [name!, Number(number)]),
    );
    expect(known.size).toBeGreaterThan(250);
    for (const [name, number] of deniedCalls(architecture as SeccompArchitecture))
      if (known.has(name)) expect([name, number]).toEqual([name, known.get(name)]);
      // Numbers that the header has under no name are of calls that were taken out, or came after it.
      else expect([...known.values()], name).not.toContain(number);
  });
});
