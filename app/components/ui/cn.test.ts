import { twMerge } from "tailwind-merge";
import { expect, test } from "vitest";
import { buttonVariants } from "./button-variants.ts";
import { cn } from "./cn.ts";

const sorted = (names: string) => names.split(" ").sort().join(" ");

/** Each is what a component has, then what its user adds. */
const pairs: [string, string][] = [
  [buttonVariants(), "h-8 justify-start gap-2 px-2 font-normal text-muted-foreground sm:w-52"],
  [buttonVariants({ variant: "ghost", size: "icon-sm" }), "absolute top-3.5 right-3.5 text-muted-foreground size-8 rounded-full"],
  ["p-4 mx-2 border-b border-input text-sm leading-5", "px-2 py-1 m-0 border-transparent text-lg"],
  ["fixed top-1/2 -translate-y-1/2 w-[calc(100vw-2rem)] max-w-lg gap-4 p-6", "top-[12vh] max-w-xl translate-y-0 gap-0 overflow-hidden p-0"],
  ["hover:bg-accent bg-card focus-visible:ring-2", "hover:bg-muted bg-transparent"],
  ["flex items-center data-[state=open]:h-4 h-9", "inline-flex items-start data-[state=open]:h-6"],
  ["rounded-md border", "rounded-full border-0"],
  ["text-[13px] text-destructive", "text-sm text-left"],
  ["h-9 w-4", "size-7"],
  ["size-7", "h-9"],
  ["px-3", "p-1"],
  ["overflow-y-auto", "overflow-hidden"],
];

test.each(pairs)("agrees with tailwind-merge: %s + %s", (base, added) =>
  expect(sorted(cn(base, added))).toBe(sorted(twMerge(base, added))),
);

test("our own type classes stand beside a colour, and what is no utility stays", () => {
  expect(cn("text-code text-muted-foreground", "text-primary group anchored-menu")).toBe("text-code text-primary group anchored-menu");
});

test("nothing and false leave nothing", () => expect(cn(undefined, false, "", null)).toBe(""));
