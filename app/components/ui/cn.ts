import { clsx, type ClassValue } from "clsx";

/**
 * What a utility class sets, for those that components here let themselves be overridden in. Order matters: the first that fits.
 * `tailwind-merge` knows all of Tailwind and weighs 8 kB on every page; cn.test.ts holds this table to it.
 */
const groups: readonly [name: string, pattern: RegExp][] = [
  ["display", /^(?:block|inline|inline-block|flex|inline-flex|grid|inline-grid|hidden|contents|table)$/],
  ["position", /^(?:static|relative|absolute|fixed|sticky)$/],
  ["size", /^size-/],
  ["h", /^h-/],
  ["w", /^w-/],
  ["min-h", /^min-h-/],
  ["min-w", /^min-w-/],
  ["max-h", /^max-h-/],
  ["max-w", /^max-w-/],
  ["padding", /^p([xytrbl]?)-/],
  ["margin", /^-?m([xytrbl]?)-/],
  ["gap", /^gap(-[xy])?-/],
  ["text-align", /^text-(?:left|center|right|start|end)$/],
  ["font-size", /^text-(?:xs|sm|base|lg|xl|\dxl|\[\d[^\]]*\])$/],
  ["text-color", /^text-(?!title$|heading$|code$)/],
  ["font-weight", /^font-(?:normal|medium|semibold|bold)$/],
  ["font-family", /^font-(?:sans|mono)$/],
  ["leading", /^leading-/],
  ["background", /^bg-/],
  ["border-width", /^border(?:-[trblxy])?(?:-\d+)?$/],
  ["border-color", /^border-(?![trblxy]$|[trblxy]-|\d)/],
  ["rounded", /^rounded(?:-(?:none|sm|md|lg|xl|\dxl|full))?$/],
  ["justify", /^justify-(?:start|end|center|between|around|evenly)$/],
  ["items", /^items-/],
  ["self", /^self-/],
  ["flex-direction", /^flex-(?:row|col|row-reverse|col-reverse)$/],
  ["overflow", /^overflow(?:-[xy])?-/],
  ["whitespace", /^whitespace-/],
  ["opacity", /^opacity-/],
  ["top", /^-?top-/],
  ["left", /^-?left-/],
  ["right", /^-?right-/],
  ["bottom", /^-?bottom-/],
  ["translate-x", /^-?translate-x-/],
  ["translate-y", /^-?translate-y-/],
  ["z", /^z-/],
];

/** What else a group sets: `p-4` after `px-2` wins over it, `px-2` after `p-4` only narrows it. */
const covers: Record<string, readonly string[]> = {
  padding: ["paddingx", "paddingy", "paddingt", "paddingr", "paddingb", "paddingl"],
  paddingx: ["paddingl", "paddingr"],
  paddingy: ["paddingt", "paddingb"],
  margin: ["marginx", "marginy", "margint", "marginr", "marginb", "marginl"],
  marginx: ["marginl", "marginr"],
  marginy: ["margint", "marginb"],
  gap: ["gap-x", "gap-y"],
  size: ["h", "w"],
  overflow: ["overflow-x", "overflow-y"],
  "font-size": ["leading"],
  "border-width": ["border-width-t", "border-width-r", "border-width-b", "border-width-l", "border-width-x", "border-width-y"],
};

/** `hover:p-2` → `hover:` and `p-2`; a colon inside brackets is no end of a variant. */
function splitVariants(name: string): [variants: string, utility: string] {
  let depth = 0;
  let at = 0;
  for (let index = 0; index < name.length; index += 1) {
    const sign = name[index];
    if (sign === "[" || sign === "(") depth += 1;
    else if (sign === "]" || sign === ")") depth -= 1;
    else if (sign === ":" && depth === 0) at = index + 1;
  }
  return [name.slice(0, at), name.slice(at)];
}

function groupOf(utility: string): string | null {
  for (const [name, pattern] of groups) {
    const match = pattern.exec(utility);
    if (match === null) continue;
    if (name === "border-width") return name + (/^border(-[trblxy])/.exec(utility)?.[1] ?? "");
    if (name === "overflow") return name + (/^overflow(-[xy])/.exec(utility)?.[1] ?? "");
    return name + (match[1] ?? "");
  }
  return null;
}

const cache = new Map<string, string>();

/** Joins class names; of two that set the same thing the later wins. */
export function cn(...inputs: ClassValue[]): string {
  const joined = clsx(inputs);
  let merged = cache.get(joined);
  if (merged === undefined) {
    merged = mergeClasses(joined);
    // Names come from source code, so there are few; a page that made its own must not fill the memory.
    if (cache.size >= 2_000) cache.clear();
    cache.set(joined, merged);
  }
  return merged;
}

function mergeClasses(joined: string): string {
  const taken = new Set<string>();
  const kept: string[] = [];
  for (const name of joined.split(/\s+/).reverse()) {
    const [variants, utility] = splitVariants(name);
    const group = groupOf(utility);
    if (group !== null) {
      if (taken.has(variants + group)) continue;
      for (const one of [group, ...(covers[group] ?? [])]) taken.add(variants + one);
    }
    kept.push(name);
  }
  return kept.reverse().join(" ");
}
