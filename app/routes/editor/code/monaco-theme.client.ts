/** Monaco in the platform's colours. It understands hexadecimal sRGB only, so the page's own tokens are computed and converted. */
import * as monaco from "monaco-editor/editor";

export const themeName = "fp";

/** Any CSS colour as #rrggbb(aa), by letting the browser paint it. */
function createPainter(): (color: string) => string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return (color) => {
    if (context === null) return "#808080";
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 255] = context.getImageData(0, 0, 1, 1).data;
    const hex = (value: number) => value.toString(16).padStart(2, "0");
    return `#${hex(red)}${hex(green)}${hex(blue)}${alpha === 255 ? "" : hex(alpha)}`;
  };
}

/** Defines the theme from the tokens that hold now, and uses it. */
export function applyTheme(): void {
  const root = document.documentElement;
  const style = getComputedStyle(root);
  const paint = createPainter();
  const token = (name: string) => paint(style.getPropertyValue(`--${name}`).trim());
  const rule = (scope: string, name: string, fontStyle?: string) => ({
    token: scope,
    foreground: token(name).slice(1, 7),
    ...(fontStyle === undefined ? {} : { fontStyle }),
  });
  monaco.editor.defineTheme(themeName, {
    base: root.classList.contains("dark") ? "vs-dark" : "vs",
    inherit: true,
    rules: [
      rule("", "foreground"),
      rule("comment", "code-comment", "italic"),
      rule("keyword", "code-keyword"),
      rule("string", "code-string"),
      rule("attribute.value", "code-string"),
      rule("number", "code-number"),
      rule("constant", "code-number"),
      rule("tag", "code-name"),
      rule("metatag", "code-comment"),
      rule("attribute.name", "code-type"),
      rule("type", "code-type"),
      rule("identifier", "foreground"),
      rule("delimiter", "foreground"),
    ],
    colors: {
      "editor.background": token("background"),
      "editor.foreground": token("foreground"),
      "editorLineNumber.foreground": token("muted-foreground"),
      "editorLineNumber.activeForeground": token("foreground"),
      "editor.lineHighlightBackground": token("code-line"),
      "editor.lineHighlightBorder": "#00000000",
      "editor.selectionBackground": token("code-selection"),
      "editorCursor.foreground": token("foreground"),
      "editorWidget.background": token("popover"),
      "editorWidget.foreground": token("popover-foreground"),
      "editorWidget.border": token("border"),
      "editorIndentGuide.background1": token("border"),
      "editorGutter.background": token("background"),
      "editorOverviewRuler.border": "#00000000",
      "input.background": token("background"),
      "input.border": token("input"),
      "input.foreground": token("foreground"),
      focusBorder: token("ring"),
      "scrollbarSlider.background": `${token("muted-foreground").slice(0, 7)}38`,
      "scrollbarSlider.hoverBackground": `${token("muted-foreground").slice(0, 7)}60`,
      "scrollbarSlider.activeBackground": `${token("muted-foreground").slice(0, 7)}80`,
      "diffEditor.insertedLineBackground": `${token("running").slice(0, 7)}1c`,
      "diffEditor.insertedTextBackground": `${token("running").slice(0, 7)}30`,
      "diffEditor.removedLineBackground": `${token("destructive").slice(0, 7)}1c`,
      "diffEditor.removedTextBackground": `${token("destructive").slice(0, 7)}30`,
      "editorError.foreground": token("destructive"),
      "editorWarning.foreground": token("deploying"),
      "scrollbar.shadow": "#00000000",
      "widget.shadow": "#00000000",
      "minimap.background": token("background"),
    },
  });
  monaco.editor.setTheme(themeName);
}

/** Keeps the theme with the page's: its class changes by the toggle, its tokens by the system. Returns the end of it. */
export function followTheme(): () => void {
  applyTheme();
  const observer = new MutationObserver(applyTheme);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", applyTheme);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", applyTheme);
  };
}
