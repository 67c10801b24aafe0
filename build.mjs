// Bundles the operator and the command line into dist/, with everything they need but Node.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const shared = {
  bundle: true,
  platform: "node",
  target: "node22",
  format: "esm",
  minify: false,
  sourcemap: "linked",
  legalComments: "linked",
  // Some dependencies are CommonJS and call require for Node's own modules.
  banner: {
    js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url); const __filename = import.meta.filename; const __dirname = import.meta.dirname;',
  },
  // One holds a binary, one starts threads from files of its own: they stand beside the bundle in the image.
  external: ["@napi-rs/blake-hash", "piscina"],
  logLevel: "warning",
};

// What our code uses of undici. Its front door loads all of it, which takes a command longer than to verify a signature.
// Whatever is imported beside this fails the build.
const AGENTS = `
  import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
  import api from "undici/lib/api/index.js";
  Object.assign(Dispatcher.prototype, api);
  export { default as Agent } from "undici/lib/dispatcher/agent.js";
  export { default as ProxyAgent } from "undici/lib/dispatcher/proxy-agent.js";
`;
const root = import.meta.dirname;
const agentsOfUndici = {
  name: "agents of undici",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, ({ importer }) =>
      importer.startsWith(join(root, "src")) ? { path: "undici", namespace: "agents" } : undefined,
    );
    onLoad({ filter: /./, namespace: "agents" }, () => ({ contents: AGENTS, resolveDir: root }));
  },
};

// Pieces are named by what is in them: those of another build would stay.
rmSync("dist", { recursive: true, force: true });
await build({ ...shared, entryPoints: ["src/main.ts"], outfile: "dist/operator.mjs" });
// Threads load these by their names (src/adapters/threads.ts).
for (const worker of ["signatures/judge-worker", "model-artifact/layer-worker"]) {
  await build({
    ...shared,
    entryPoints: [`src/adapters/${worker}.ts`],
    outfile: `dist/${worker.replace(/.*\//, "")}.mjs`,
  });
}
// A command loads what it needs: the program in pieces starts twice as fast as in one file.
await build({
  ...shared,
  entryPoints: { vouchsafe: "src/cli/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  splitting: true,
  chunkNames: "vouchsafe/[name]-[hash]",
  plugins: [agentsOfUndici],
});
