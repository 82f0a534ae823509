// Without zod: this is in the first load of every page.
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export const isTheme = (value: unknown): value is Theme => themes.some((theme) => theme === value);

const cookieName = "fp-theme";

/** The theme that the `Cookie` header names; `system` when there is none, or nonsense. */
export function readTheme(cookieHeader: string | null): Theme {
  const value = cookieHeader
    ?.split(/;\s*/)
    .find((pair) => pair.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1);
  return isTheme(value) ? value : "system";
}

/** The `Set-Cookie` value that keeps `theme` for a year. */
export function themeCookie(theme: Theme): string {
  return `${cookieName}=${theme}; Path=/; Max-Age=31536000; SameSite=Lax`;
}
