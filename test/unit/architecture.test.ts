// Holds the code to the layout of docs/architecture.md: who may import whom, what stays pure, how long a file
// gets. Each message says what to do instead.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const src = join(root, "src");

interface Source {
  /** Path below src, such as domain/risk.ts. */
  path: string;
  text: string;
  /** What it imports: paths below src, or package names. */
  imports: { target: string; isPackage: boolean }[];
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^;'"]*?\sfrom\s)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;

function readSources(): Source[] {
  return readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => {
      const text = readFileSync(join(src, path), "utf8");
      const imports = [...text.matchAll(IMPORT)].map((match) => {
        const name = match[1] ?? match[2] ?? "";
        const isPackage = !name.startsWith(".");
        return { target: isPackage ? name : relative(src, join(src, dirname(path), name)), isPackage };
      });
      return { path, text, imports };
    });
}

const sources = readSources();

/** The area a file belongs to: its top folder, or its own name at the top. */
const areaOf = (path: string) => (path.includes("/") ? (path.split("/")[0] ?? path) : path);

/** Areas each area may import, besides itself. */
const MAY_IMPORT: Record<string, string[]> = {
  api: [],
  domain: ["api"],
  gate: ["api", "domain", "crd"],
  crd: ["api"],
  runtime: [],
  adapters: ["api", "domain"],
  telemetry: ["runtime", "crd", "config.ts"],
  controllers: ["api", "domain", "gate", "runtime", "adapters", "telemetry"],
  cli: ["api", "domain", "gate", "runtime", "crd", "adapters"],
  // What the command reads of the environment, too, is read by one piece for both.
  "config.ts": ["adapters"],
  "app.ts": ["api", "domain", "gate", "runtime", "adapters", "telemetry", "controllers", "config.ts"],
  "main.ts": ["app.ts", "config.ts", "telemetry", "runtime"],
};

/** Packages each area may import; `node:` stands for all of Node's own modules. */
const MAY_USE: Record<string, string[]> = {
  api: ["zod"],
  // node:crypto hashes and parses keys: same input, same output.
  domain: ["zod", "canonicalize", "ipaddr.js", "@bufbuild/re2", "node:crypto"],
  gate: ["yaml", "node:"],
  crd: ["zod", "yaml", "@bufbuild/re2", "node:"],
  runtime: ["undici", "@kubernetes/client-node", "node:"],
  adapters: [
    "undici",
    "zod",
    "ipaddr.js",
    "yaml",
    "@octokit/rest",
    "@sigstore/bundle",
    "@sigstore/core",
    "@sigstore/protobuf-specs",
    "@sigstore/tuf",
    "@sigstore/verify",
    "@noble/curves",
    "@napi-rs/blake-hash",
    "pkijs",
    "piscina",
    "node:",
  ],
  telemetry: ["pino", "prom-client", "canonicalize", "zod", "node:"],
  controllers: ["node:"],
  cli: ["commander", "yaml", "node:"],
  "config.ts": ["zod", "node:"],
  "app.ts": ["node:"],
  "main.ts": ["node:"],
};

const isAllowedPackage = (name: string, allowed: readonly string[]) =>
  allowed.some((entry) =>
    entry === "node:" ? name.startsWith("node:") : name === entry || name.startsWith(`${entry}/`),
  );

const isDecision = (path: string) => /^controllers\/.*decide[^/]*\.ts$/.test(path);
const isPure = (path: string) =>
  ["api", "domain"].includes(areaOf(path)) || isDecision(path) || /^gate\/compile-[^/]*\.ts$/.test(path);

/** What pure code may not mention, with what to do instead. */
const IMPURE: [RegExp, string][] = [
  [/\bDate\.now\(|\bnew Date\(\)/, "takes the time as an argument"],
  [/\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/, "takes ids and randomness as arguments"],
  [/\bprocess\.|\bconsole\./, "returns what it has to say"],
  [/\bfetch\(|\bsetTimeout\(|\bsetInterval\(/, "leaves I/O and waiting to controller.ts"],
];

test("the sources were found", () => {
  expect(sources.length).toBeGreaterThan(30);
});

/** Fails with one line per file that breaks the rule. */
function expectNoOffence(instead: string, offences: (source: Source) => string[]): void {
  const found = sources.flatMap((source) => offences(source).map((what) => `src/${source.path}: ${what}`));
  expect(found, instead).toEqual([]);
}

test("every file belongs to an area of docs/architecture.md", () => {
  expectNoOffence("add the area to docs/architecture.md and to this test", ({ path }) =>
    MAY_IMPORT[areaOf(path)] === undefined ? [areaOf(path)] : [],
  );
});

test("every file imports only what its area may import", () => {
  expectNoOffence("pass what it needs as an argument, or move the code to where it is needed", ({ path, imports }) => {
    const own = [areaOf(path), ...(MAY_IMPORT[areaOf(path)] ?? [])];
    const allowed = isDecision(path) ? ["api", "domain", "gate", "controllers"] : own;
    return imports.filter((i) => !i.isPackage && !allowed.includes(areaOf(i.target))).map((i) => i.target);
  });
});

test("every file uses only the packages of its area", () => {
  expectNoOffence("put the package behind an adapter", ({ path, imports }) => {
    const allowed = isDecision(path) ? [] : (MAY_USE[areaOf(path)] ?? []);
    return imports.filter((i) => i.isPackage && !isAllowedPackage(i.target, allowed)).map((i) => i.target);
  });
});

test("zod is imported in parts, so that the command's bundle leaves out what nobody uses", () => {
  expectNoOffence('write import * as z from "zod"', ({ text }) =>
    /import (?:type )?\{[^}]*\} from "zod"/.test(text) ? ["imports zod as one object"] : [],
  );
});

test("decisions are pure", () => {
  expectNoOffence(
    "take time and ids as arguments, return what there is to say, leave I/O to controller.ts",
    (source) => {
      if (!isPure(source.path)) return [];
      const code = source.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      return IMPURE.filter(([pattern]) => pattern.test(code)).map(([, instead]) => `it is pure, so it ${instead}`);
    },
  );
});

test("only src/config.ts and the command line read the environment", () => {
  expectNoOffence("take the setting from src/config.ts", ({ path, text }) =>
    /process\.env/.test(text) && !["config.ts", "cli/main.ts"].includes(path) ? ["reads process.env"] : [],
  );
});

test("every file says what it is for and stays readable", () => {
  expectNoOffence("begin with a comment that says what the file is for; split it by idea", ({ path, text }) => {
    const offences = /^(#!.*\n)?\/[*/]/.test(text) ? [] : ["has no header comment"];
    const length = text.split("\n").length;
    if (length > 400 && path !== "domain/findings.ts") offences.push(`has ${length} lines`);
    return offences;
  });
});

test("every file is named by its one idea", () => {
  expectNoOffence("name it by what is in it", ({ path }) =>
    /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts|-)/.test(path) ? ["is a drawer"] : [],
  );
});

test("there are no import cycles", () => {
  const graph = new Map(sources.map((s) => [s.path, s.imports.filter((i) => !i.isPackage).map((i) => i.target)]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of graph.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of graph.keys())
    expect(visit(path, []), "move what both need into a file of its own").toBeUndefined();
});
