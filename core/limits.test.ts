import fc from "fast-check";
import { expect, test } from "vitest";
import { appLimits, bundleLimits, formatBytes, timeLimits, trafficLimits, userLimits } from "./limits.ts";

test("limits fit into one another", () => {
  expect(bundleLimits.fileBytes).toBeLessThan(bundleLimits.totalBytes);
  expect(bundleLimits.segmentBytes).toBeLessThan(bundleLimits.pathCharacters);
  // What the editor lets someone write, the API must let them send: base64 is a third longer, JSON escapes at most double text.
  expect(bundleLimits.totalBytes * 2).toBeLessThan(trafficLimits.apiBodyBytes);
  expect(appLimits.envValueBytes).toBeLessThan(appLimits.envTotalBytes);
  expect(timeLimits.sleepAfterMinutes).toBeGreaterThanOrEqual(timeLimits.sleepAfterLeastMinutes);
  expect(timeLimits.sleepAfterMinutes).toBeLessThanOrEqual(timeLimits.sleepAfterMostMinutes);
  // The waiting page comes while the request could still be answered.
  expect(timeLimits.waitingPageMs).toBeLessThan(timeLimits.wakeWaitMs);
  expect(trafficLimits.pageItems).toBeLessThanOrEqual(trafficLimits.pageItemsMost);
});

test("every number is a positive whole number but the share of a processor", () => {
  for (const limits of [bundleLimits, appLimits, userLimits, timeLimits, trafficLimits]) {
    for (const [name, value] of Object.entries(limits)) expect(Number.isInteger(value) && value > 0, name).toBe(true);
  }
});

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1_000, "1 KB"],
  [1_050, "1.1 KB"],
  [100_000, "100 KB"],
  [999_949, "999.9 KB"],
  [999_950, "1 MB"],
  [1_500_000, "1.5 MB"],
])("%i bytes read %s", (bytes, shown) => {
  expect(formatBytes(bytes)).toBe(shown);
});

test("what is shown is within a twentieth of a unit of what is meant, and never 1000 of the smaller unit", () => {
  const unitBytes: Record<string, number> = { bytes: 1, KB: 1_000, MB: 1_000_000 };
  fc.assert(
    fc.property(fc.nat({ max: 2_000_000_000 }), (bytes) => {
      const [value, unit] = formatBytes(bytes).split(" ") as [string, string];
      expect(Math.abs(Number(value) * unitBytes[unit]! - bytes)).toBeLessThanOrEqual(unitBytes[unit]! * 0.0501);
      if (unit !== "MB") expect(Number(value)).toBeLessThan(1_000);
    }),
  );
});
