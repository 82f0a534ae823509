/** The slim bar over every page: logo, where you are, palette, theme, account. Works without JavaScript but for the palette. */
import { KeyRoundIcon, LogOutIcon, MonitorIcon, MoonIcon, SearchIcon, SunIcon } from "lucide-react";
import { Form, Link, useFetcher, useLocation, useMatches } from "react-router";
import { openPalette } from "./command-state.ts";
import { LogoMark } from "./logo.tsx";
import type { Crumb, PageHandle } from "./page-handle.ts";
import type { Theme } from "./theme.ts";
import { buttonVariants } from "./ui/button-variants.ts";
import { cn } from "./ui/cn.ts";
import { useViewer, type Viewer } from "./viewer.ts";

export function TopBar() {
  const viewer = useViewer();
  return (
    <header className="sticky top-0 z-30 flex h-12 items-center gap-3 border-b bg-background/90 px-4 backdrop-blur-sm sm:px-6">
      <Link to="/" aria-label="FastAPI Platform, home" className="rounded-md outline-none focus-visible:ring-2 focus-visible:ring-ring">
        <LogoMark />
      </Link>
      <Breadcrumb />
      <div className="ml-auto flex items-center gap-1">
        {viewer?.user && (
          <button
            type="button"
            onClick={openPalette}
            aria-label="Search and commands"
            aria-keyshortcuts="Control+K Meta+K"
            className={cn(buttonVariants({ variant: "outline" }), "h-8 justify-start gap-2 px-2 font-normal text-muted-foreground sm:w-52")}
          >
            <SearchIcon aria-hidden />
            <span className="hidden sm:inline">Go to…</span>
            <kbd className="ml-auto hidden font-sans text-xs sm:inline">Ctrl K</kbd>
          </button>
        )}
        <ThemeToggle theme={viewer?.theme ?? "system"} />
        {viewer?.user ? (
          <AccountMenu user={viewer.user} />
        ) : (
          <Link to="/sign-in" className={buttonVariants({ variant: "outline", size: "sm" })}>
            Sign in
          </Link>
        )}
      </div>
    </header>
  );
}

function Breadcrumb() {
  const crumbs = useMatches().flatMap(
    ({ handle, params, loaderData }): readonly Crumb[] => (handle as PageHandle | undefined)?.crumbs?.(params, loaderData) ?? [],
  );
  if (crumbs.length === 0) return null;
  return (
    <nav aria-label="Breadcrumb" className="min-w-0">
      <ol className="flex min-w-0 items-center gap-1.5 text-sm">
        {crumbs.map(({ label, to }, index) => (
          <li key={label + index} className={cn("flex items-center gap-1.5", to === undefined ? "min-w-0" : "shrink-0")}>
            <span aria-hidden className="text-muted-foreground/60">
              /
            </span>
            {to === undefined ? (
              <span aria-current="page" className="truncate font-medium">
                {label}
              </span>
            ) : (
              <Link
                to={to}
                className="truncate rounded-sm text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring"
              >
                {label}
              </Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

const nextTheme: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const themeIcons = { system: MonitorIcon, light: SunIcon, dark: MoonIcon };

/** One press, one step: system, light, dark. The settings have all three side by side. */
function ThemeToggle({ theme }: { theme: Theme }) {
  const fetcher = useFetcher();
  const location = useLocation();
  const shown = (fetcher.formData?.get("theme") as Theme | null | undefined) ?? theme;
  const Icon = themeIcons[shown];
  return (
    <fetcher.Form method="post" action="/theme">
      <input type="hidden" name="theme" value={nextTheme[shown]} />
      <noscript dangerouslySetInnerHTML={{ __html: `<input type="hidden" name="returnTo" value="${encodeURI(location.pathname)}">` }} />
      <button
        type="submit"
        aria-label={`Theme: ${shown}. Change to ${nextTheme[shown]}`}
        title={`Theme: ${shown}`}
        className={buttonVariants({ variant: "ghost", size: "icon-sm" })}
      >
        <Icon aria-hidden className="size-4" />
      </button>
    </fetcher.Form>
  );
}

const itemClasses =
  "flex h-8 w-full items-center gap-2 rounded-md px-2 text-sm outline-none hover:bg-accent focus-visible:bg-accent focus-visible:ring-2 focus-visible:ring-ring [&_svg]:size-4 [&_svg]:text-muted-foreground";

/** The browser's own popover: it needs no JavaScript and closes by itself. */
function AccountMenu({ user }: { user: NonNullable<Viewer["user"]> }) {
  return (
    <>
      <button
        type="button"
        popoverTarget="account-menu"
        aria-label={`Account of ${user.name}`}
        className="ml-1 flex size-7 items-center justify-center rounded-full bg-primary/12 text-xs font-semibold text-primary uppercase outline-none focus-visible:ring-2 focus-visible:ring-ring"
      >
        {Array.from(user.name.trim())[0] ?? "?"}
      </button>
      <div
        id="account-menu"
        popover="auto"
        className="fixed inset-auto top-13 right-4 m-0 w-60 rounded-lg border bg-popover p-1 text-popover-foreground shadow-popup sm:right-6"
      >
        <div className="border-b px-2 pt-1.5 pb-2">
          <p className="truncate text-sm font-medium">{user.name}</p>
          <p className="truncate text-[13px] text-muted-foreground">{user.email}</p>
        </div>
        <div className="pt-1">
          <Link to="/settings" className={itemClasses} onClick={() => document.getElementById("account-menu")?.hidePopover()}>
            <KeyRoundIcon aria-hidden />
            Settings and tokens
          </Link>
          <Form method="post" action="/sign-out">
            <button type="submit" className={itemClasses}>
              <LogOutIcon aria-hidden />
              Sign out
            </button>
          </Form>
        </div>
      </div>
    </>
  );
}
