/*
 * Put before the language server's own code (scripts/pyright-worker.ts), in its worker. It fetches and unpacks the sources of the
 * packages there, so that 13 MB of text never pass through the page's thread: the request that initializes the server is held back
 * until its files are complete. It also gives the text of a file of a package or of the standard library, for the editor to show a
 * definition in it.
 */
(() => {
  let sources = {};

  const read = (path) => (path.startsWith("/lib/") ? sources[path.slice("/lib/".length)] : self.fpTypeshed?.[path]) ?? null;

  const load = async (url) => {
    const answer = await fetch(url, { credentials: "same-origin" });
    if (answer.redirected || !answer.ok) throw new Error(answer.redirected ? "you are signed out" : `the server answered ${answer.status}`);
    return answer.json();
  };

  const initialize = async ({ request, typesUrl }) => {
    try {
      if (typesUrl !== null) sources = await load(typesUrl);
    } catch (error) {
      self.postMessage({ type: "fp/types-missing", reason: error instanceof Error ? error.message : String(error) });
    }
    const { files } = request.params.initializationOptions;
    for (const [path, text] of Object.entries(sources)) files[`/lib/${path}`] = text;
    self.dispatchEvent(new MessageEvent("message", { data: request }));
  };

  self.addEventListener("message", (event) => {
    const { type } = event.data ?? {};
    if (type !== "fp/initialize" && type !== "fp/read") return;
    event.stopImmediatePropagation();
    if (type === "fp/initialize") void initialize(event.data);
    else self.postMessage({ type: "fp/text", path: event.data.path, text: read(event.data.path) });
  });
})();
