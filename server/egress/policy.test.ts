import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultEgressRules, parseHost } from "#core/egress-rules.ts";
import { isAppHost, isPublicAddress, judgeTarget, parseAbsoluteForm, parseAuthority, toHostHeader } from "./policy.ts";

const octet = fc.integer({ min: 0, max: 255 });
const group = fc.integer({ min: 0, max: 0xffff });

/** IPv4 addresses of the networks that are never reached, from the registry's table and not from the code. */
const innerV4 = fc
  .tuple(
    fc.constantFrom<[number, number]>(
      [0x00000000, 8],
      [0x0a000000, 8],
      [0x64400000, 10],
      [0x7f000000, 8],
      [0xa9fe0000, 16],
      [0xac100000, 12],
      [0xc0a80000, 16],
      [0xe0000000, 4],
      [0xf0000000, 4],
    ),
    fc.integer({ min: 0, max: 0xffffffff }),
  )
  .map(([[net, bits], random]) => (net | (random >>> bits)) >>> 0);
const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
const hex = (address: number): string => `${(address >>> 16).toString(16)}:${(address & 0xffff).toString(16)}`;

/** Every way that inet_aton takes one address. */
const spellings = (address: number): string[] => {
  const [a, b, c, d] = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255) as [number, number, number, number];
  return [
    dotted(address),
    String(address),
    `0x${address.toString(16)}`,
    `0${address.toString(8)}`,
    `${a}.${address & 0xffffff}`,
    `${a}.${b}.${(c << 8) | d}`,
    `0x${a.toString(16)}.0${b.toString(8)}.${c}.0x${d.toString(16)}`,
    `${dotted(address)}.`,
    dotted(address).replaceAll(".", "。"),
  ];
};
const judge = (authority: string): string | null => {
  const target = parseAuthority(authority, 80);
  return target === null ? "no host" : judgeTarget(defaultEgressRules, target, isPublicAddress);
};

test("no spelling of an inner IPv4 address is let through", () => {
  fc.assert(
    fc.property(innerV4, (address) => {
      for (const spelled of spellings(address)) {
        expect(parseHost(spelled), spelled).toEqual({ name: dotted(address), isAddress: true });
        expect(judge(spelled), spelled).toBe("address_not_allowed");
      }
    }),
    { numRuns: 500 },
  );
});

test("no IPv6 form that carries an IPv4 address is let through, whatever it carries", () => {
  fc.assert(
    fc.property(fc.oneof(innerV4, fc.integer({ min: 0, max: 0xffffffff })), group, (address, rest) => {
      for (const form of [
        `::ffff:${dotted(address)}`,
        `::ffff:${hex(address)}`,
        `0:0:0:0:0:ffff:${hex(address)}`,
        `::${hex(address)}`,
        `64:ff9b::${dotted(address)}`,
        `64:ff9b:1::${hex(address)}`,
        `2002:${hex(address)}::${rest.toString(16)}`,
        `2001::${hex(address)}`,
        `2001:0:${hex(address)}::${rest.toString(16)}`,
      ]) {
        expect(isPublicAddress(form), form).toBe(false);
        expect(judge(`[${form}]`), form).toBe("address_not_allowed");
      }
    }),
    { numRuns: 500 },
  );
});

test("of IPv6 only what is given out to the Internet is let through", () => {
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const address = groups.map((part) => part.toString(16)).join(":");
      if ((groups[0]! & 0xe000) !== 0x2000) expect(isPublicAddress(address), address).toBe(false);
    }),
    { numRuns: 1_000 },
  );
  for (const inner of [
    "::",
    "::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
    "2001:db8::1",
    "3fff::1",
  ])
    expect(isPublicAddress(inner), inner).toBe(false);
});

test("addresses of the Internet are let through, at the edges of what is not as well", () => {
  for (const outer of [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
  ]) {
    expect(isPublicAddress(outer), outer).toBe(true);
    expect(judge(outer.includes(":") ? `[${outer}]` : outer)).toBeNull();
  }
  fc.assert(fc.property(fc.tuple(fc.integer({ min: 11, max: 99 }), octet, octet, octet), (parts) => isPublicAddress(parts.join("."))));
});

test("what is no address is not public", () => {
  fc.assert(fc.property(fc.string(), (text) => !isPublicAddress(`${text}x`)));
  for (const odd of ["", "1.1.1", "01.1.1.1", "1.1.1.1 ", "[2606:4700::1]"]) expect(isPublicAddress(odd), odd).toBe(false);
});

test("domain and port are decided by the rules, an inner address by none", () => {
  const rules = { domains: ["example.com", "10.0.0.1"], ports: [443] };
  const decide = (authority: string) => judgeTarget(rules, parseAuthority(authority)!, isPublicAddress);
  expect(decide("Example.COM.:443")).toBeNull();
  expect(decide("www.example.com:443")).toBe("domain_not_allowed");
  expect(decide("example.com:25")).toBe("port_not_allowed");
  expect(decide("other.com:25")).toBe("domain_not_allowed");
  expect(decide("10.0.0.1:443")).toBe("address_not_allowed");
});

test.each([
  ["example.com:443", { name: "example.com", port: 443 }],
  ["[2606:4700::1]:443", { name: "2606:4700::1", port: 443 }],
  ["example.com", null],
  ["example.com:", null],
  ["example.com:0", null],
  ["example.com:65536", null],
  ["example.com:4e2", null],
  ["example.com:80:80", null],
  ["user@example.com:80", null],
  ["2606:4700::1:443", null],
  [":443", null],
  ["/etc/passwd", null],
])("CONNECT %s", (text, target) => {
  expect(parseAuthority(text)).toEqual(target && expect.objectContaining(target));
});

test.each([
  ["http://example.com", "example.com", 80, "/"],
  ["HTTP://Example.com:8080/a/../b?c=%7E#d", "example.com", 8080, "/a/../b?c=%7E"],
  ["http://example.com?x=1", "example.com", 80, "/?x=1"],
  ["http://[2606:4700::1]/x", "2606:4700::1", 80, "/x"],
])("GET %s", (url, name, port, path) => {
  expect(parseAbsoluteForm(url)).toEqual({ target: { name, port, isAddress: name.includes(":") }, path });
});

test.each([
  "/path",
  "*",
  "https://example.com/",
  "ftp://example.com/",
  "http:///x",
  "http://",
  "http://user:secret@example.com/",
  "http://example.com@127.0.0.1/",
  "http://exa mple.com/",
  "http:example.com",
  "//example.com/",
])("GET %s is not led anywhere", (url) => {
  expect(parseAbsoluteForm(url)).toBeNull();
});

test("the Host that is sent is the one that was checked", () => {
  expect(toHostHeader(parseAuthority("Example.com.:80")!, 80)).toBe("example.com");
  expect(toHostHeader(parseAuthority("example.com:8080")!, 80)).toBe("example.com:8080");
  expect(toHostHeader(parseAuthority("[2606:4700::1]:80")!, 80)).toBe("[2606:4700::1]");
});

test("an app's host is one label that a slug may have, below the apps' domain", () => {
  const is = (name: string, platform = "localhost") => isAppHost(name, "localhost", platform);
  expect(is("shop.localhost")).toBe(true);
  expect(is("localhost")).toBe(false);
  expect(is("www.localhost")).toBe(false);
  expect(is("a.shop.localhost")).toBe(false);
  expect(is("shop.localhost.example.com")).toBe(false);
  expect(is("platform-here.localhost", "platform-here.localhost")).toBe(false);
});
