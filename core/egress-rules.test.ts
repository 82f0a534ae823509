import fc from "fast-check";
import { expect, test } from "vitest";
import { allowsDomain, parseDomainPattern, parseHost } from "./egress-rules.ts";

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/).filter((text) => !text.startsWith("xn--"));
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
const allows = (patterns: readonly string[], host: string): boolean =>
  allowsDomain(
    patterns.map((pattern) => parseDomainPattern(pattern)!),
    parseHost(host)!,
  );

test.each([
  ["Example.COM.", "example.com", false],
  ["bücher.example", "xn--bcher-kva.example", false],
  ["例え。テスト", "xn--r8jz45g.xn--zckzah", false],
  ["_acme.example.com", "_acme.example.com", false],
  ["0x7f.1", "127.0.0.1", true],
  ["2130706433", "127.0.0.1", true],
  ["127.1", "127.0.0.1", true],
  ["0177.0.0.01", "127.0.0.1", true],
  ["１２７．0．0．1", "127.0.0.1", true],
  ["0", "0.0.0.0", true],
  ["[::FFFF:127.0.0.1]", "::ffff:7f00:1", true],
  ["[0:0:0:0:0:0:0:1]", "::1", true],
])("%s is read as %s", (spelled, read, isAddress) => {
  expect(parseHost(spelled)).toEqual({ name: read, isAddress });
});

test.each([
  "",
  ".",
  "a..b",
  ".example.com",
  "example.com..",
  "a b",
  "a\tb",
  "a\u0000b",
  "a/b",
  "a@b",
  "a:80",
  "::1",
  "[::1",
  "[fe80::1%25eth0]",
  "%31%32%37.0.0.1",
  "1.2.3.4.5",
  "256.1.1.1",
  "a".repeat(64),
  "a.".repeat(127) + "toolong",
])("%j is no host", (text) => {
  expect(parseHost(text)).toBeNull();
});

test("a host is read the same from its own reading, in any case, with or without the closing dot", () => {
  fc.assert(
    fc.property(name, fc.boolean(), fc.boolean(), (host, upper, dot) => {
      const read = parseHost(`${upper ? host.toUpperCase() : host}${dot ? "." : ""}`);
      expect(read).toEqual({ name: host, isAddress: false });
    }),
  );
});

test("whatever is given, what is read is in the one form that is compared", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webAuthority(),
        fc.ipV4Extended(),
        fc.ipV6().map((ip) => `[${ip}]`),
      ),
      (text) => {
        const read = parseHost(text);
        if (read === null) return;
        expect(parseHost(read.name.includes(":") ? `[${read.name}]` : read.name)).toEqual(read);
        expect(read.name).toMatch(/^[a-z0-9._:-]+$/);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("a name is allowed by itself, a pattern allows what is below it and not the name itself, and neither any other", () => {
  fc.assert(
    fc.property(name, label, (host, below) => {
      expect(allows([host], host)).toBe(true);
      expect(allows([host], `${below}.${host}`)).toBe(false);
      expect(allows([`*.${host}`], `${below}.${host}`)).toBe(true);
      expect(allows([`*.${host}`], host)).toBe(false);
      expect(allows([`*.${host}`], `${below}${host}`)).toBe(false);
      expect(allows([host, `*.${host}`], `${host}.${below}`)).toBe(false);
      expect(allows([], host)).toBe(false);
      expect(allows(["*"], host)).toBe(true);
    }),
  );
});

test("an address is allowed by itself or by *, never as something below a name", () => {
  expect(allows(["93.184.216.34"], "93.184.216.34")).toBe(true);
  expect(allows(["93.184.216.34"], "0x5db8d822")).toBe(true);
  expect(allows(["*"], "93.184.216.34")).toBe(true);
  expect(allowsDomain(["*.34"], parseHost("93.184.216.34")!)).toBe(false);
  expect(parseDomainPattern("*.1.2.3.4")).toBeNull();
});

test.each(["https://example.com", "example.com/path", "*", "**.example.com", "*example.com", "a.*.com", "example.com:443", "*.", ""])(
  "%j is an entry only if it is one",
  (text) => {
    expect(parseDomainPattern(text)).toBe(text === "*" ? "*" : null);
  },
);

test("an entry is kept in the form that is compared", () => {
  expect(parseDomainPattern(" *.Bücher.Example. ")).toBe("*.xn--bcher-kva.example");
  expect(parseDomainPattern("[2606:4700:0:0::1]")).toBe("2606:4700::1");
});
