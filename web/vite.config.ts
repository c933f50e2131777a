// How the page is built: into src/convene/web, where the server finds it. Nothing is inlined, because the page is
// served under a Content-Security-Policy that allows no inline script, style or data: font.
import { defineConfig } from "vite";

declare const process: { env: Record<string, string | undefined> };
const server = process.env.CONVENE_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/",
  build: {
    outDir: "../src/convene/web",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { "/api": { target: server, ws: true }, "/docs": server, "/openapi.json": server } },
});
