// Bundles the operator and the command line into dist/, with everything they need but Node.
import { rmSync } from "node:fs";
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
});
