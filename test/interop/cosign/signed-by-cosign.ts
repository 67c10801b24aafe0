// The other way round: what the real cosign signs is believed here.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { packImage } from "../../../examples/silero/pack.ts";
import { pushArtifact } from "../../../examples/silero/push.ts";
import type { Signer } from "../../../src/api/signer.ts";
import { createExchange } from "../../../src/adapters/registry/exchange.ts";
import { createRegistry } from "../../../src/adapters/registry/registry.ts";
import { collectSignatures } from "../../../src/adapters/signatures/collect.ts";
import { judgeCandidates } from "../../../src/adapters/signatures/judge-candidates.ts";
import { createBelow, createRoot, createSigner, EMAIL } from "../../corpus/authorities.ts";
import { type Fact, resolveSigners } from "../../corpus/case.ts";
import { toFacts } from "../../corpus/judge.ts";
import { createSignatory, KEY_KINDS, type Signatory } from "../../corpus/keys.ts";
import { pemOf } from "../../corpus/sigstore.ts";
import { EVALUATION } from "../../corpus/statements.ts";
import { byAuthorities, byKey, createTable } from "../../corpus/table.ts";
import { runCosign } from "./binary.ts";

const WAYS = [
  { name: "sign, legacy", args: ["sign", "--new-bundle-format=false"], over: "artifact", form: "cosign-legacy" },
  { name: "sign, bundle", args: ["sign"], over: "artifact", form: "cosign-bundle" },
  { name: "attest, legacy", args: ["attest", "--new-bundle-format=false"], over: "attestation", form: "cosign-legacy" },
  { name: "attest, bundle", args: ["attest"], over: "attestation", form: "cosign-bundle" },
] as const;
const OFFLINE = ["--yes", "--allow-http-registry", "--use-signing-config=false", "--tlog-upload=false"];

interface Tools {
  cosign: string;
  folder: string;
  /** Registries with and without the referrers API. */
  hosts: readonly string[];
}

async function collect(host: string, digest: string, signer: Signer, trust: Record<string, string>): Promise<Fact[]> {
  const exchange = createExchange({ insecureHosts: new Set([host]), credentials: () => [] });
  try {
    return toFacts(
      await collectSignatures(
        { host, repository: "made/by-cosign", digest },
        {
          registry: createRegistry(exchange),
          judge: judgeCandidates,
          signers: resolveSigners([signer], trust),
          model: { format: undefined, path: undefined, readsFormats: false },
          now: Date.now(),
        },
      ),
    );
  } finally {
    await exchange.close();
  }
}

/** cosign's own file of a key. */
async function importKey(by: Signatory, name: string, { cosign, folder }: Tools): Promise<string> {
  const prefix = join(folder, name);
  writeFileSync(`${prefix}.pem`, by.key.export({ type: "pkcs8", format: "pem" }));
  const { isAccepted, said } = await runCosign(
    cosign,
    ["import-key-pair", "--yes", "--key", `${prefix}.pem`, "--output-key-prefix", prefix],
    folder,
  );
  if (!isAccepted) throw new Error(`cosign does not take the key ${name}: ${said}`);
  return `${prefix}.key`;
}

interface Made {
  what: string;
  signer: Signer;
  key: string;
  more: readonly string[];
  identity?: string;
  /** cosign 3.1.2 signs with Ed25519ph (RFC 8032 §5.1) and verifies without prehashing: it refuses its own signatures. */
  isRefusedByAll?: boolean;
}

async function checkWay(
  way: (typeof WAYS)[number],
  { what, signer, key, more, identity, isRefusedByAll = false }: Made,
  trust: Record<string, string>,
  tools: Tools,
): Promise<string[]> {
  const faults: string[] = [];
  const predicate = join(tools.folder, "predicate.json");
  writeFileSync(predicate, JSON.stringify({ passed: true }));
  const statement = way.over === "attestation" ? ["--type", EVALUATION, "--predicate", predicate] : [];
  for (const [at, host] of tools.hosts.entries()) {
    const image = packImage(`${what} ${way.name} ${at}`, "app", what);
    await pushArtifact({ origin: `http://${host}`, repository: "made/by-cosign" }, image);
    const args = [
      ...way.args,
      ...OFFLINE,
      "--key",
      key,
      ...more,
      ...statement,
      `${host}/made/by-cosign@${image.digest}`,
    ];
    const { isAccepted, said } = await runCosign(tools.cosign, args);
    if (!isAccepted) {
      faults.push(`${what}, ${way.name}: cosign does not sign: ${said.replaceAll(/\s+/g, " ").slice(-300)}`);
      continue;
    }
    const expected = {
      signer: signer.name,
      over: way.over,
      form: way.form,
      ...(identity === undefined ? {} : { identity }),
      ...(way.over === "attestation" ? { predicateType: EVALUATION } : {}),
    };
    const found = await collect(host, image.digest, signer, trust);
    if (JSON.stringify(found) !== JSON.stringify(isRefusedByAll ? [] : [expected]))
      faults.push(`${what}, ${way.name}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
  }
  return faults;
}

/** How many were tried, and what is wrong. */
export async function checkSigned(tools: Tools): Promise<{ tried: number; faults: string[] }> {
  const table = createTable();
  const root = createRoot();
  const between = createBelow(root);
  const made: Made[] = [];
  for (const kind of KEY_KINDS) {
    const by = createSignatory(kind);
    made.push({
      what: kind,
      signer: byKey("pipeline", by),
      key: await importKey(by, kind, tools),
      more: [],
      isRefusedByAll: kind === "ed25519",
    });
  }
  const by = createSigner(between);
  const [leaf, chain] = [join(tools.folder, "leaf.pem"), join(tools.folder, "chain.pem")];
  writeFileSync(leaf, pemOf(by));
  writeFileSync(chain, pemOf(between) + pemOf(root));
  made.push({
    what: "certificate",
    signer: byAuthorities("acme", table.pin(pemOf(root) + pemOf(between)), { identity: { exact: EMAIL } }),
    key: await importKey(by, "certified", tools),
    more: ["--certificate", leaf, "--certificate-chain", chain],
    identity: EMAIL,
  });
  const faults: string[] = [];
  for (const one of made)
    for (const way of WAYS) faults.push(...(await checkWay(way, one, table.finish().trust, tools)));
  return { tried: made.length * WAYS.length * tools.hosts.length, faults };
}
