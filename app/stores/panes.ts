/**
 * How the editor's panes lay when this browser last showed them. In a cookie, so that the server draws them so and nothing jumps.
 * Pure; without zod: this is in the first load.
 */
import type { BottomPane, SidePane } from "./editor-store.ts";

export interface Panes {
  /** In pixels, while it is open. */
  files: number;
  filesOpen: boolean;
  /** In percent of the window's width, while it is open. */
  side: number;
  right: SidePane | null;
  /** In percent of the height, while it is open. */
  output: number;
  bottom: BottomPane;
  bottomOpen: boolean;
}

export const defaultPanes: Panes = {
  files: 208,
  filesOpen: true,
  side: 32,
  right: "test",
  output: 32,
  bottom: "problems",
  bottomOpen: true,
};

const cookieName = "fp-panes";
const rights: readonly SidePane[] = ["test", "preview"];
const bottoms: readonly BottomPane[] = ["problems", "deploy", "logs"];

/** The panes that the `Cookie` header tells of; whatever is missing or makes no sense is as at first. */
export function readPanes(cookieHeader: string | null): Panes {
  const text = cookieHeader
    ?.split(/;\s*/)
    .find((pair) => pair.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1);
  const kept = new URLSearchParams(text ?? "");
  const size = (name: "files" | "side" | "output", least: number, most: number) => {
    const value = Number(kept.get(name) ?? Number.NaN);
    return value >= least && value <= most ? value : defaultPanes[name];
  };
  return {
    files: size("files", 140, 480),
    filesOpen: kept.get("filesOpen") !== "0",
    side: size("side", 10, 60),
    right: kept.get("right") === "none" ? null : (rights.find((each) => each === kept.get("right")) ?? defaultPanes.right),
    output: size("output", 5, 90),
    bottom: bottoms.find((each) => each === kept.get("bottom")) ?? defaultPanes.bottom,
    bottomOpen: kept.get("bottomOpen") !== "0",
  };
}

/** What sets the cookie, for a year. */
export function panesCookie({ files, filesOpen, side, right, output, bottom, bottomOpen }: Panes): string {
  const kept = new URLSearchParams({
    files: String(Math.round(files)),
    filesOpen: filesOpen ? "1" : "0",
    side: side.toFixed(2),
    right: right ?? "none",
    output: output.toFixed(2),
    bottom,
    bottomOpen: bottomOpen ? "1" : "0",
  });
  return `${cookieName}=${kept.toString()}; Path=/apps; Max-Age=31536000; SameSite=Lax`;
}
