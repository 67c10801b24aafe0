// Bundles the operator and the command line into dist/, each one file with everything it needs but Node.
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

await build({ ...shared, entryPoints: ["src/main.ts"], outfile: "dist/operator.mjs" });
// Threads load these by their names (src/adapters/threads.ts).
for (const worker of ["signatures/judge-worker", "model-artifact/layer-worker"]) {
  await build({
    ...shared,
    entryPoints: [`src/adapters/${worker}.ts`],
    outfile: `dist/${worker.replace(/.*\//, "")}.mjs`,
  });
}
await build({ ...shared, entryPoints: ["src/cli/main.ts"], outfile: "dist/vouchsafe.mjs" });
