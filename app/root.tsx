/** The document of every page: theme without a flash, skip link, messages, command palette, and what is shown when all else fails. */
import { useEffect, type ReactNode } from "react";
import { Links, Meta, Outlet, Scripts, ScrollRestoration, useFetchers, useNavigation } from "react-router";
import { CommandCenter } from "#app/components/command-center.tsx";
import { FailurePage } from "#app/components/failure.tsx";
import { isTheme, readTheme, type Theme } from "#app/components/theme.ts";
import { ToastHost } from "#app/components/ui/toast.tsx";
import { useViewer, type Viewer } from "#app/components/viewer.ts";
import { visitContext } from "#server/http/context.ts";
import { findUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/root.ts";
import { useNonce } from "./nonce.ts";
import "./app.css";

export const loader = route(async ({ request, context }: Route.LoaderArgs): Promise<Viewer> => {
  const caller = await findUser(context);
  const user = caller && { name: caller.user.name, email: caller.user.email, role: caller.user.role };
  return { theme: readTheme(request.headers.get("cookie")), user, requestId: context.get(visitContext).requestId };
});

export const meta: Route.MetaFunction = () => [{ title: "FastAPI Platform" }];

/** Runs before the first paint, so that a dark system never sees a white page. */
const systemTheme = `document.documentElement.classList.toggle("dark",matchMedia("(prefers-color-scheme: dark)").matches)`;

export function Layout({ children }: { children: ReactNode }) {
  const theme = useTheme();
  const nonce = useNonce();
  return (
    <html lang="en" className={theme === "dark" ? "dark" : undefined} suppressHydrationWarning>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === "system" ? "light dark" : theme} />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        {theme === "system" && <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: systemTheme }} />}
        <Meta />
        <Links />
      </head>
      <body>
        <a
          href="#main"
          className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-[70] focus:rounded-md focus:bg-primary focus:px-3 focus:py-2 focus:text-primary-foreground"
        >
          Skip to the content
        </a>
        <div className="page-root">{children}</div>
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

export default function Root() {
  return (
    <>
      <NavigationBar />
      <Outlet />
      <CommandCenter />
      <ToastHost />
    </>
  );
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return <FailurePage error={error} />;
}

/** The theme of the page, which follows a choice at once, before the server has answered. */
function useTheme(): Theme {
  const stored = useViewer()?.theme ?? "system";
  const chosen = useFetchers()
    .find(({ formAction }) => formAction === "/theme")
    ?.formData?.get("theme");
  const theme = isTheme(chosen) ? chosen : stored;
  useEffect(() => {
    if (theme !== "system") {
      document.documentElement.classList.toggle("dark", theme === "dark");
      return;
    }
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => document.documentElement.classList.toggle("dark", dark.matches);
    follow();
    dark.addEventListener("change", follow);
    return () => dark.removeEventListener("change", follow);
  }, [theme]);
  return theme;
}

/** A thin line while the next page is on its way; it waits 300 ms, so that fast ones never show it. */
function NavigationBar() {
  if (useNavigation().state === "idle") return null;
  return (
    <div
      role="progressbar"
      aria-label="Loading"
      className="fixed inset-x-0 top-0 z-[70] h-0.5 animate-in bg-primary fade-in fill-mode-both [animation-delay:300ms] motion-safe:slide-in-from-left motion-safe:[animation-duration:2s]"
    />
  );
}
