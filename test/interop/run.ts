// Compares verdicts with other verifiers: signatures in registries with cosign 3.1.2, both ways; the public conformance cases
// and recombinations of them, where they are here; model signatures with the reference implementation.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateGroups } from "../corpus/groups.ts";
import { type Verdicts, writeVerdicts } from "../corpus/verdicts.ts";
import { findCosign } from "./cosign/binary.ts";
import { type Compared, compareCorpus } from "./cosign/compare.ts";
import { compareConformance, findConformance } from "./cosign/conformance.ts";
import { findRefused } from "./cosign/old-bundles.ts";
import { startServer } from "./cosign/serve.ts";
import { checkSigned } from "./cosign/signed-by-cosign.ts";

function tell(compared: readonly Compared[]): number {
  const faults = compared.filter(({ fault }) => fault !== undefined);
  for (const { name, signer, ours, cosign, said, fault } of faults) {
    process.stdout.write(
      `FAIL ${name} (${signer}): we ${ours}, cosign ${cosign}: ${fault ?? ""}\n     ${said.replaceAll(/\s+/g, " ").slice(0, 600)}\n`,
    );
  }
  const count = (test: (one: Compared) => boolean) => compared.filter(test).length;
  const same = count(({ ours, cosign }) => ours === cosign);
  process.stdout.write(
    `${compared.length} verdicts of cosign: ${same} as ours (${count(({ ours, cosign }) => ours === cosign && ours === "accepts")} accepted), ` +
      `${compared.length - same} others, ${faults.length} not explained\n`,
  );
  return faults.length;
}

function toVerdicts(compared: readonly Compared[]): Verdicts {
  const verdicts: Verdicts = {};
  for (const { name, signer, cosign } of compared) verdicts[name] = { ...verdicts[name], [signer]: cosign };
  return verdicts;
}

async function compareVectors(tools: { cosign: string; folder: string }): Promise<number> {
  const conformance = findConformance();
  if (conformance === undefined) {
    process.stdout.write("skip the conformance cases: they are not here (CONFORMANCE names their folder)\n");
    return 0;
  }
  const { compared, explained, faults } = await compareConformance(conformance, tools);
  for (const one of faults) process.stdout.write(`FAIL ${one}\n`);
  process.stdout.write(
    `${compared} conformance cases and recombinations, ${explained} differ as explained, ${faults.length} not\n`,
  );
  return faults.length;
}

/** Runs a script of this project; its exit status. */
function runScript(path: string): Promise<number> {
  const script = fileURLToPath(new URL(path, import.meta.url));
  return new Promise((done, no) => {
    const child = spawn(process.execPath, [script], { stdio: "inherit" });
    child.once("error", no);
    child.once("close", (code) => done(code ?? 1));
  });
}

/** Runs the comparison of model signatures where there is one. */
const compareModels = (): Promise<number> =>
  existsSync(new URL("model-signing.ts", import.meta.url)) ? runScript("model-signing.ts") : Promise.resolve(0);

async function main(args: readonly string[]): Promise<number> {
  const cosign = await findCosign();
  const groups = Object.values(generateGroups());
  const corpus = {
    cases: groups.flatMap(({ cases }) => cases),
    trust: Object.assign({}, ...groups.map(({ trust }) => trust)) as Record<string, string>,
  };
  const folder = mkdtempSync(join(tmpdir(), "interop-"));
  const server = await startServer();
  try {
    const compared = await compareCorpus(corpus, { cosign, server, folder });
    const faults = tell(compared);
    const refused = await findRefused(corpus, { cosign, folder });
    const { tried, faults: lost } = await checkSigned({ cosign, folder, hosts: server.hosts });
    for (const one of [...refused, ...lost]) process.stdout.write(`FAIL ${one}\n`);
    process.stdout.write(
      `${tried} signatures by cosign, ${lost.length} not believed; ${refused.length} old bundles refused\n`,
    );
    const differing = await compareVectors({ cosign, folder });
    if (args.includes("--write")) {
      writeVerdicts(toVerdicts(compared));
      await runScript("../corpus/document.ts");
    }
    return faults + refused.length + lost.length + differing;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

const faults = (await main(process.argv.slice(2))) + (await compareModels());
process.exitCode = faults === 0 ? 0 : 1;
