import { expect, test } from "vitest";
import { closingLine, parseJunit } from "./counts.ts";

test("the closing line names skipped tests only when there are any", () => {
  expect(closingLine({ passed: 12, failed: 0, skipped: [] })).toBe("12 passed, 0 failed");
  expect(closingLine({ passed: 1, failed: 2, skipped: ["a: no browser"] })).toBe("1 passed, 2 failed, 1 skipped");
});

test("pytest's report: passes, failures, errors and skips with their reason", () => {
  const xml = `<?xml version="1.0"?><testsuites><testsuite tests="4">
    <testcase classname="tests.test_a" name="test_one" time="0.1" />
    <testcase classname="tests.test_a" name="test_two"><failure message="assert 1 &gt; 2">x</failure></testcase>
    <testcase classname="tests.test_a" name="test_three"><error message="fixture">x</error></testcase>
    <testcase classname="tests.test_a" name="test_four"><skipped type="pytest.skip" message="no &quot;bwrap&quot; here">x</skipped></testcase>
  </testsuite></testsuites>`;
  expect(parseJunit(xml)).toEqual({ passed: 1, failed: 2, skipped: ['tests.test_a.test_four: no "bwrap" here'] });
});
