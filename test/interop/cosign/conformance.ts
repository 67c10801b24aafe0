// The cases of the public sigstore-conformance suite, and recombinations of the good ones: parts of one in another, parts
// left out, parts twice. Asked are `cosign verify-blob` and `vouchsafe verify-bundle`. They are kept outside of this project.
import { createPublicKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readArtifact } from "../../../src/adapters/sigstore/artifact.ts";
import { readPublicGoodRoot } from "../../../src/adapters/sigstore/public-good.ts";
import { parseTrustedRoot } from "../../../src/adapters/sigstore/trusted-root.ts";
import { verifyBundle } from "../../../src/adapters/sigstore/verify-bundle.ts";
import { runLocally } from "../../harness/command.ts";
import { runCosign } from "./binary.ts";

const IDENTITY =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER = "https://token.actions.githubusercontent.com";
const DEFAULT = fileURLToPath(new URL("../../../../shared/conformance/", import.meta.url));

/** Where the cases are; undefined where they are not here. */
export function findConformance(): string | undefined {
  const folder = join(process.env.CONFORMANCE ?? DEFAULT, "sigstore");
  return existsSync(folder) ? folder : undefined;
}

type Json = Record<string, unknown>;

interface Vector {
  name: string;
  bundle: Json;
  root: string;
  artifact: string;
  /** The suite's options for who has to have signed. */
  who: string[];
  isByKey: boolean;
  /** Whether the suite has it so; then the command is asked, as the suite asks it. */
  isSuite: boolean;
}

function readVector(folder: string, name: string): Vector {
  const at = (file: string) => join(folder, "cases", name, file);
  const read = (file: string, otherwise: string) =>
    existsSync(at(file)) ? readFileSync(at(file), "utf8").trim() : otherwise;
  const isByKey = existsSync(at("key.pub"));
  return {
    name,
    bundle: JSON.parse(readFileSync(at("bundle.sigstore.json"), "utf8")) as Json,
    root: read("trusted_root.json", readPublicGoodRoot()),
    artifact: existsSync(at("artifact")) ? at("artifact") : join(folder, "a.txt"),
    who: isByKey
      ? ["--key", at("key.pub")]
      : ["--certificate-identity", read("identity", IDENTITY), "--certificate-oidc-issuer", read("issuer", ISSUER)],
    isByKey,
    isSuite: true,
  };
}

/** Parts of a bundle, as paths. */
const PARTS = [
  "verificationMaterial.tlogEntries",
  "verificationMaterial.timestampVerificationData",
  "verificationMaterial.certificate",
  "verificationMaterial.tlogEntries.0.inclusionProof",
  "verificationMaterial.tlogEntries.0.inclusionProof.checkpoint",
  "verificationMaterial.tlogEntries.0.inclusionPromise",
  "verificationMaterial.tlogEntries.0.canonicalizedBody",
  "messageSignature.signature",
  "messageSignature",
  "dsseEnvelope.signatures",
  "dsseEnvelope",
].map((path) => path.split("."));

function findParent(bundle: Json, path: readonly string[]): Json | undefined {
  let at: unknown = bundle;
  for (const key of path.slice(0, -1)) at = typeof at === "object" && at !== null ? (at as Json)[key] : undefined;
  return typeof at === "object" && at !== null ? (at as Json) : undefined;
}

/** The vector with one part changed by `change`; undefined where it has no such part. */
function bend(
  vector: Vector,
  path: readonly string[],
  what: string,
  change: (part: unknown) => unknown,
): Vector | undefined {
  const bundle = structuredClone(vector.bundle);
  const [parent, last = ""] = [findParent(bundle, path), path.at(-1)];
  if (parent?.[last] === undefined) return undefined;
  const part = change(parent[last]);
  if (part === undefined) delete parent[last];
  else parent[last] = part;
  return { ...vector, isSuite: false, name: `${vector.name}, ${path.join(".")} ${what}`, bundle };
}

function* recombine(good: readonly Vector[]): Generator<Vector> {
  for (const [at, one] of good.entries()) {
    const others = [...good.slice(at + 1), ...good.slice(0, at)];
    for (const path of PARTS) {
      const last = path.at(-1) ?? "";
      const donor = others.find(
        ({ bundle, root }) => root === one.root && findParent(bundle, path)?.[last] !== undefined,
      );
      const bent = [
        bend(one, path, "left out", () => undefined),
        bend(one, path, "twice", (part) =>
          Array.isArray(part) ? [...(part as unknown[]), ...(part as unknown[])] : part,
        ),
        donor && bend(one, path, `of ${donor.name}`, () => findParent(donor.bundle, path)?.[last]),
      ];
      for (const vector of bent) {
        if (vector !== undefined && JSON.stringify(vector.bundle) !== JSON.stringify(one.bundle)) yield vector;
      }
    }
  }
}

interface Tools {
  cosign: string;
  folder: string;
}

const isStamped = ({ bundle }: Vector) => {
  const { rfc3161Timestamps } = (findParent(bundle, ["verificationMaterial", "timestampVerificationData", ""]) ??
    {}) as {
    rfc3161Timestamps?: unknown[];
  };
  return (rfc3161Timestamps?.length ?? 0) > 0;
};

function toCommand({ bundle }: Vector): string[] {
  const { payload } = (bundle.dsseEnvelope ?? {}) as { payload?: string };
  if (payload === undefined) return ["verify-blob"];
  const { predicateType = "" } = JSON.parse(Buffer.from(payload, "base64").toString()) as { predicateType?: string };
  return ["verify-blob-attestation", "--type", predicateType];
}

/** What the command does, without a process of its own. */
async function verifyHere({ bundle, root, artifact, who, isByKey }: Vector): Promise<{ code: number; stdout: string }> {
  const [, first = "", , issuer = ""] = who;
  const verdict = verifyBundle({
    bundle: Buffer.from(JSON.stringify(bundle)),
    artifact: await readArtifact(artifact),
    root: parseTrustedRoot(root),
    expected: isByKey
      ? { by: "key", key: createPublicKey(readFileSync(first)) }
      : { by: "certificate", identity: { exact: first }, issuer },
  });
  return { code: verdict.verdict === "verified" ? 0 : 1, stdout: JSON.stringify(verdict) };
}

async function judge(vector: Vector, id: number, { cosign, folder }: Tools) {
  const [bundle, root] = [join(folder, `bundle-${id}.json`), join(folder, `root-${id}.json`)];
  writeFileSync(bundle, JSON.stringify(vector.bundle));
  writeFileSync(root, vector.root);
  const common = ["--bundle", bundle, ...vector.who, "--trusted-root", root];
  const stamps = isStamped(vector) && !vector.isByKey ? ["--use-signed-timestamps"] : [];
  const [theirs, ours] = await Promise.all([
    runCosign(cosign, [...toCommand(vector), ...common, ...stamps, vector.artifact]),
    vector.isSuite ? runLocally(["verify-bundle", ...common, vector.artifact]) : verifyHere(vector),
  ]);
  return {
    name: vector.name,
    ours: ours.code === 0,
    theirs: theirs.isAccepted,
    told: `${ours.stdout} ${theirs.said}`.replaceAll(/\s+/g, " "),
  };
}

/** Where both may differ: by what the name of the vector holds, who accepts it, and why. */
const EXPLAINED: readonly { name: RegExp; accepts: "ours" | "cosign"; why: string }[] = [
  {
    name: /^rekor2-.*canonicalizedBody of /,
    accepts: "cosign",
    why: "of Rekor v2 cosign builds the entry anew from the bundle and leaves what the bundle says of it unread",
  },
];

/** How many were compared, how many differ for a reason, and what is wrong. */
export async function compareConformance(
  conformance: string,
  tools: Tools,
): Promise<{ compared: number; explained: number; faults: string[] }> {
  const all = readdirSync(join(conformance, "cases")).map((name) => readVector(conformance, name));
  const vectors = [...all, ...recombine(all.filter(({ name }) => !name.endsWith("_fail")))];
  const [faults, queue]: [string[], [number, Vector][]] = [[], [...vectors.entries()]];
  let explained = 0;
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { name, ours, theirs, told } = await judge(next[1], next[0], tools);
      if (ours === theirs) continue;
      if (EXPLAINED.some((one) => one.name.test(name) && (one.accepts === "ours") === ours)) explained += 1;
      else
        faults.push(
          `${name}: ${ours ? "we accept, cosign refuses" : "we refuse, cosign accepts"}: ${told.slice(0, 500)}`,
        );
    }
  };
  await Promise.all([work(), work()]);
  return { compared: vectors.length, explained, faults };
}
