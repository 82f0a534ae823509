/** What the palette offers, and in which order. */
export interface Command {
  id: string;
  label: string;
  /** Said beside it, and searched too. */
  detail: string;
  group: "Apps" | "Go to" | "This app";
  to: string;
  /** Done instead of going anywhere. */
  run?: () => void;
  /** Leaves the platform: opened in a new tab. */
  external?: boolean;
}

interface PaletteApp {
  slug: string;
  name: string;
  url: string;
}

/** Everything that can be gone to; `currentSlug` is the app whose page is open. */
export function toCommands(apps: readonly PaletteApp[], currentSlug: string | undefined): Command[] {
  const current = apps.find(({ slug }) => slug === currentSlug);
  const ofCurrent: Command[] = current
    ? [
        { id: "edit", label: `Edit ${current.name}`, detail: "Code, test, deploy", group: "This app", to: `/apps/${current.slug}/edit` },
        {
          id: "dashboard",
          label: `Dashboard of ${current.name}`,
          detail: "Requests, logs, versions",
          group: "This app",
          to: `/apps/${current.slug}`,
        },
        {
          id: "packages",
          label: "Packages that can be imported",
          detail: "With versions; ask for others",
          group: "This app",
          to: `/apps/${current.slug}/edit?open=packages`,
        },
        { id: "open", label: `Open ${current.name}`, detail: current.url, group: "This app", to: current.url, external: true },
      ]
    : [];
  const places: Command[] = [
    { id: "apps", label: "All apps", detail: "", group: "Go to", to: "/apps" },
    { id: "new", label: "New app", detail: "From a template or from scratch", group: "Go to", to: "/apps/new" },
    { id: "import", label: "Import an app", detail: "From a ZIP", group: "Go to", to: "/apps/import" },
    { id: "settings", label: "Settings and tokens", detail: "", group: "Go to", to: "/settings" },
    { id: "api", label: "API reference", detail: "", group: "Go to", to: "/docs/api" },
  ];
  return [
    ...ofCurrent,
    ...apps.map(({ slug, name }): Command => ({ id: `app:${slug}`, label: name, detail: slug, group: "Apps", to: `/apps/${slug}` })),
    ...places,
  ];
}

/** What can be done in the editor; `on`: whether the language server runs. */
export function toEditorCommands(on: boolean, turn: (on: boolean) => void): Command[] {
  return [
    {
      id: "language-server",
      label: `Turn the Python language server ${on ? "off" : "on"}`,
      detail: "Completion, hover, definitions",
      group: "This app",
      to: "",
      run: () => turn(!on),
    },
  ];
}

/** The commands that match every word of `query`: those whose label begins with it first, then in their own order. */
export function matchCommands(commands: readonly Command[], query: string, most = 50): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ label, detail }: Command): number => {
    const name = label.toLowerCase();
    const all = `${name} ${detail.toLowerCase()}`;
    if (!words.every((word) => all.includes(word))) return -1;
    return words.length > 0 && name.startsWith(words[0]!) ? 2 : words.every((word) => name.includes(word)) ? 1 : 0;
  };
  return commands
    .map((command) => ({ command, rank: rank(command) }))
    .filter(({ rank: value }) => value >= 0)
    .sort((a, b) => b.rank - a.rank)
    .slice(0, most)
    .map(({ command }) => command);
}
