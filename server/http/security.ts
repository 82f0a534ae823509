/** Security headers of everything that the platform itself answers. An app's answers are none of it: they go through the gateway untouched. */

/** The policy of one page. `appsOrigin` are the hosts of apps, for the preview. */
export function pagePolicy({ nonce, appsOrigin, development }: { nonce: string; appsOrigin: string; development: boolean }): string {
  return [
    "default-src 'self'",
    // ruff compiles WebAssembly; a page's own scripts carry the nonce.
    `script-src 'self' 'nonce-${nonce}' 'wasm-unsafe-eval'`,
    // Monaco writes style attributes and elements, thousands of them.
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "img-src 'self' data: blob:",
    // Vite's sockets are on our own host, which 'self' covers only for https in older browsers.
    // Apps' hosts, to see whether the visitor's browser reaches them.
    `connect-src 'self' ${appsOrigin}${development ? " ws: wss:" : ""}`,
    "worker-src 'self' blob:",
    // Our own for the way to a draft, which leads on to its host; a page of ours shows in no frame.
    `frame-src 'self' ${appsOrigin}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** A worker obeys its own file's policy and not the page's, so that scripts may compile WebAssembly and nothing else may do anything. */
export const staticPolicy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** For answers that are data: nothing in them may run, wherever they are shown. */
export const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/** Headers that every answer carries. */
export function commonHeaders(publicUrl: string): Record<string, string> {
  return {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    // Without includeSubDomains: apps may lie on other names of the domain and are their owners' affair.
    ...(publicUrl.startsWith("https:") ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}

/** `http://*.localhost:3000`, or `http://localhost:*` where apps have ports: every app's origin, in the form of a policy. */
export function appsOriginOf(options: { publicUrl: string; appsDomain: string; appsAddressing: "host" | "port" }): string {
  const { protocol, hostname, port } = new URL(options.publicUrl);
  const { appsDomain } = options;
  if (options.appsAddressing === "port") return `${protocol}//${hostname}:*`;
  return `${protocol}//*.${appsDomain}${port ? `:${port}` : ""}`;
}
