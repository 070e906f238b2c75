import react from "@vitejs/plugin-react";
import { readdir, readFile, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin, ProxyOptions } from "vite";
import { defineConfig } from "vitest/config";

// `npm run dev` shows the page with the API of a service that runs: `infrakt serve`, or the one
// named here. With `none` a stand-in answers with examples.
const service = process.env.INFRAKT_SERVICE ?? "http://127.0.0.1:8000";

const proxy: Record<string, ProxyOptions> = {
  "/api": {
    target: service,
    changeOrigin: true,
    // The service answers only pages of its own; to it, this page is one.
    configure: (proxied) => {
      proxied.on("proxyReq", (request) => {
        request.removeHeader("origin");
      });
    },
  },
};

export default defineConfig({
  plugins: [
    react(),
    licensesOfFonts(),
    gzipped(),
    ...(process.env.INFRAKT_SERVICE === "none" ? [withoutService()] : []),
  ],
  build: {
    // The service allows the page nothing but its own files (`default-src 'self'`): no data: addresses, no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What is taken in is passed on under its own terms.
    license: { fileName: "licenses.txt" },
    target: "es2023",
  },
  server: { host: "127.0.0.1", proxy },
  // `npm run preview` serves what was built, under the same policy as the service does.
  preview: {
    host: "127.0.0.1",
    proxy,
    headers: { "Content-Security-Policy": "default-src 'self'; img-src 'self' data:" },
  },
  test: {
    environment: "jsdom",
    setupFiles: ["src/testing/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    css: { modules: { classNameStrategy: "non-scoped" } },
    restoreMocks: true,
    // A busy computer must not fail a story; one that never ends still does.
    testTimeout: 60_000,
  },
});

function withoutService(): Plugin {
  return {
    name: "stand-in-for-the-service",
    configureServer(vite) {
      vite.middlewares.use((request, response, next) => {
        if (request.url?.startsWith("/api/") !== true) {
          next();
          return;
        }
        answer(request, response).catch((error: unknown) => {
          // Whoever went away needs no answer.
          if (!response.destroyed) next(error);
        });
      });

      async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const { examples } = (await vite.ssrLoadModule("/src/testing/examples.ts")) as {
          examples: { fetch: typeof fetch };
        };
        const body: Buffer[] = [];
        for await (const part of request) body.push(part as Buffer);
        const given = await examples.fetch(new URL(request.url ?? "/", "http://localhost"), {
          method: request.method,
          headers: request.headers as Record<string, string>,
          body: body.length === 0 ? null : Buffer.concat(body),
        });
        response.writeHead(given.status, {
          "Content-Type": given.headers.get("Content-Type") ?? "text/plain",
        });
        response.end(Buffer.from(await given.arrayBuffer()));
      }
    },
  };
}

/** Puts a compressed form beside each file that gets shorter by it. The service sends it to those who take it. */
function gzipped(): Plugin {
  return {
    name: "gzipped",
    apply: "build",
    async writeBundle({ dir = "dist" }) {
      for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        // Fonts are compressed already.
        if (!entry.isFile() || /\.(gz|woff2)$/.test(path)) continue;
        const plain = await readFile(path);
        // Without a time or a name in it: the same file gives the same bytes.
        const short = gzipSync(plain, { level: 9 });
        if (short.length < plain.length * 0.9) await writeFile(`${path}.gz`, short);
      }
    },
  };
}

/** Fonts come in through styles, where nobody looks for licenses. */
function licensesOfFonts(): Plugin {
  return {
    name: "licenses-of-fonts",
    async generateBundle() {
      for (const font of ["atkinson-hyperlegible-next", "atkinson-hyperlegible-mono"]) {
        const source = await readFile(`node_modules/@fontsource-variable/${font}/LICENSE`, "utf8");
        this.emitFile({ type: "asset", fileName: `${font}-license.txt`, source });
      }
    },
  };
}
