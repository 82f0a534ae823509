/** What to say when a browser that shows the platform cannot open an app's address. Pure. */
export function unreachableWords(url: string, here: { hostname: string }): string {
  const { hostname, port } = new URL(url);
  if (hostname === here.hostname)
    return `Your browser cannot reach port ${port} of ${hostname}. A firewall between you and it may let only the platform's own port through.`;
  return `Your browser cannot open ${hostname}: the name does not lead here from where you are. The administrator can give each app a port instead of a name, with APPS_ADDRESSING=port.`;
}
