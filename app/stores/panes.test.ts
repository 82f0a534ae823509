import { expect, test } from "vitest";
import { defaultPanes, panesCookie, readPanes, type Panes } from "./panes.ts";

const own: Panes = { files: 301, filesOpen: false, side: 40.25, right: "preview", output: 55.5, bottom: "logs", bottomOpen: false };

test("what the cookie keeps is read back, among others", () => {
  const [pair] = panesCookie(own).split(";");
  expect(readPanes(`fp-theme=dark; ${pair}; other=1`)).toEqual(own);
  expect(readPanes(panesCookie({ ...own, right: null }).split(";")[0]!).right).toBeNull();
});

test("no cookie, nonsense, and sizes that no pane may have give the panes as at first", () => {
  for (const cookie of [null, "", "fp-panes=", "fp-panes=%%%", "fp-panes=files=9999&side=-1&output=Infinity&right=assistant&bottom=x"])
    expect(readPanes(cookie)).toEqual(defaultPanes);
});
