/** The address of the language server's worker; made by scripts/pyright-worker.ts. */
declare module "virtual:pyright-worker-url" {
  const url: string;
  export default url;
}
