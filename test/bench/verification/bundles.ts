// Bundles verified in one process, one after the other: ours against what the npm package `sigstore` does with them.
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { toArtifact } from "../../../src/adapters/sigstore/artifact.ts";
import { parseTrustedRoot } from "../../../src/adapters/sigstore/trusted-root.ts";
import { verifyBundle } from "../../../src/adapters/sigstore/verify-bundle.ts";
import { createSigstore } from "../../harness/sigstore.ts";
import { WHO } from "./signed.ts";

export interface Rounds {
  rounds: number;
  perRound: number;
}

const ARTIFACT = Buffer.from("what is signed");

/** Whether the bundle verifies. */
type Verify = (bundle: Buffer) => boolean;

const verifyOurs = (root: TrustedRoot, bundle: Buffer): boolean =>
  verifyBundle({
    bundle,
    artifact: toArtifact("artifact", ARTIFACT),
    root,
    expected: { by: "certificate", identity: { exact: WHO.identity }, issuer: WHO.issuer },
  }).verdict === "verified";

function verifyTheirs(verifier: Verifier, bytes: Buffer): boolean {
  const bundle = bundleFromJSON(JSON.parse(bytes.toString("utf8")));
  try {
    verifier.verify(toSignedEntity(bundle, ARTIFACT), {
      subjectAlternativeName: WHO.identity,
      extensions: { issuer: WHO.issuer },
    });
    return true;
  } catch {
    return false;
  }
}

function listSides(text: string): Record<string, Verify> {
  const root = parseTrustedRoot(text);
  const kept = new Verifier(toTrustMaterial(root));
  return {
    "vouchsafe, root kept": (bundle) => verifyOurs(root, bundle),
    "sigstore-js, verifier kept": (bundle) => verifyTheirs(kept, bundle),
    "vouchsafe, root read each time": (bundle) => verifyOurs(parseTrustedRoot(text), bundle),
    "sigstore-js, root read each time": (bundle) =>
      verifyTheirs(new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(text)))), bundle),
  };
}

function demand(name: string, isFine: boolean): void {
  if (!isFine) throw new Error(`${name} did not answer as it has to`);
}

/** Milliseconds per verification by side, in rounds that take every side once. */
export async function measureBundles({ rounds, perRound }: Rounds): Promise<Record<string, number[]>> {
  const sigstore = await createSigstore();
  const sign = async (identity: string) => Buffer.from(await sigstore.signBlob(ARTIFACT, { ...WHO, identity }));
  const bundle = await sign(WHO.identity);
  const strange = await sign("https://git.acme.example/other.yml");
  const sides = Object.entries(listSides(sigstore.trustedRoot));
  for (const [name, verify] of sides) demand(name, !verify(strange));
  const spent = Object.fromEntries(sides.map(([name]) => [name, [] as number[]]));
  // The first round warms up.
  for (let round = -1; round < rounds; round += 1) {
    for (const offset of sides.keys()) {
      const [name, verify] = sides[(round + 1 + offset) % sides.length] ?? ["", () => false];
      const began = performance.now();
      for (let count = 0; count < perRound; count += 1) demand(name, verify(bundle));
      if (round >= 0) spent[name]?.push((performance.now() - began) / perRound);
    }
  }
  return spent;
}
