import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The app is embedded in the binary and served under /app/ with a strict content
// security policy: nothing is inlined, so that no exception to it is ever needed.
export default defineConfig({
  base: "/app/",
  plugins: [react(), tailwind()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      "/api": "http://127.0.0.1:8080",
      "/sign-in": "http://127.0.0.1:8080",
    },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
