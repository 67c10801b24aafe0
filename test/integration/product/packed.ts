// Models in packed layers with a signature over their files, and policies that ask for one.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { parse, stringify } from "yaml";
import { type Artifact, packBundle } from "../../../examples/silero/pack.ts";
import { pushArtifact } from "../../../examples/silero/push.ts";
import { toPae } from "../../../src/adapters/in-toto.ts";
import { writeStatement } from "../../../src/adapters/model-signing/manifest.ts";
import { demand } from "../../harness/kubectl.ts";
import { readExample } from "../../harness/voice.ts";
import { type Scene, untilCondition } from "./scene.ts";

export interface PolicyShape {
  metadata: { name: string };
  spec: { signers: object[]; tiers: { signatures: object[] }[] };
}

/** Applies the example's policy under another name, with more signers and with tiers that demand something else. */
export async function applyPolicy(
  scene: Scene,
  name: string,
  signers: object[],
  demands: { signatures: object[]; formats?: string[] },
): Promise<void> {
  const policy = parse(readExample("aipolicy.yaml", "voice", scene.published)) as PolicyShape;
  policy.metadata.name = name;
  policy.spec.signers.push(...signers);
  for (const tier of policy.spec.tiers) Object.assign(tier, demands);
  await demand(scene.kubectl, ["apply", "-f", "-"], stringify(policy));
  await untilCondition(scene.kubectl, ["aipolicy", name], "Ready=True");
}

/** Somebody with a key who signs models. */
export function createPacker() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();

  /** Pushes an artifact with a signature over the files of its model. */
  const publish = async (
    target: { origin: string; repository: string },
    artifact: Artifact,
    files: Record<string, Buffer>,
  ): Promise<void> => {
    await pushArtifact(target, artifact);
    const listed = Object.entries(files).map(([name, bytes]) => ({
      name,
      part: undefined,
      digest: createHash("sha256").update(bytes).digest("hex"),
    }));
    const payload = writeStatement("m", listed, []);
    const payloadType = "application/vnd.in-toto+json";
    const bundle = {
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: "" }, tlogEntries: [] },
      dsseEnvelope: {
        payloadType,
        payload: payload.toString("base64"),
        signatures: [{ sig: sign("sha256", toPae(payloadType, payload), privateKey).toString("base64") }],
      },
    };
    await pushArtifact(target, packBundle(Buffer.from(JSON.stringify(bundle)), artifact));
  };
  return { pem, publish };
}

/** Declares a release of one artifact, as bob. */
export async function declareModel(scene: Scene, namespace: string, name: string, artifact: object): Promise<void> {
  const release = {
    apiVersion: "vouchsafe.dev/v1alpha1",
    kind: "ModelRelease",
    metadata: { name, namespace },
    spec: { system: "voice-gate", version: "1", artifacts: [{ name: "model", ...artifact }] },
  };
  await demand(scene.people.bob.kubectl, ["apply", "-f", "-"], JSON.stringify(release));
}
