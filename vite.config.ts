import { reactRouter } from "@react-router/dev/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import { pyrightWorker } from "./scripts/pyright-worker.ts";
import { precompress, serverOnly } from "./scripts/vite-plugins.ts";

export default defineConfig({
  plugins: [serverOnly(`${import.meta.dirname}/server/`), tailwindcss(), reactRouter(), pyrightWorker(import.meta.dirname), precompress()],
  // server/app.ts is the whole server: pages, API, gateway and domains share one module graph, in development as in the build.
  environments: { ssr: { build: { rolldownOptions: { input: "./server/app.ts" } } } },
  // Monaco's and ruff's workers are modules.
  worker: { format: "es" },
  build: { target: "es2024", chunkSizeWarningLimit: 6000 },
});
