/** Where this installation is reached: by visitors at each app's own address, and by its own processes. */
import type { Config } from "./config.ts";

/** Where this process reaches the gateway: itself, where it is one. */
export function gatewayAddress(config: Config): { host: string; port: number } | null {
  if (config.duties.includes("gateway")) return { host: toLocalHost(config.host), port: config.port };
  return config.gatewayAddress ?? null;
}

/** Where this process reaches what it listens on itself, from the address that it listens at. */
const toLocalHost = (host: string): string => ({ "0.0.0.0": "127.0.0.1", localhost: "127.0.0.1", "::": "::1" })[host] ?? host;

/** `http://<slug>.<APPS_DOMAIN>`, with the scheme and port of the platform's own address; its host with the app's port, where it has one. */
export function appUrls({ publicUrl, appsDomain }: Config, portOf: (slug: string) => number | undefined): (slug: string) => string {
  const { protocol, hostname, port } = new URL(publicUrl);
  return (slug) => {
    const own = portOf(slug);
    return own === undefined ? `${protocol}//${slug}.${appsDomain}${port ? `:${port}` : ""}` : `${protocol}//${hostname}:${own}`;
  };
}
