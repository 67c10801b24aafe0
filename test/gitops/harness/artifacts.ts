// Three generations of a small model and its server, signed with a key of this run: as many good ones as a test wants,
// and nothing to fetch. Signatures by real tools are tested elsewhere.
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type Artifact, packBundle, packImage, packModel } from "../../../examples/silero/pack.ts";
import { pushArtifact } from "../../../examples/silero/push.ts";

/** a: good. b: the one that is revoked. c: good, later. */
export const GENERATIONS = ["a", "b", "c"] as const;
export type Generation = (typeof GENERATIONS)[number];

/** Pinned images of one generation. */
export interface Images {
  model: string;
  server: string;
}

export interface Artifacts {
  /** Public key of the signer, PEM. */
  pem: string;
  images: Record<Generation, Images>;
}

/** cosign's signature over a manifest, as a Sigstore bundle with a DSSE envelope. */
function signAsCosign(subject: Artifact, key: KeyObject): Artifact {
  const payloadType = "application/vnd.in-toto+json";
  const payload = Buffer.from(
    JSON.stringify({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ digest: { sha256: subject.digest.replace("sha256:", "") } }],
      predicateType: "https://sigstore.dev/cosign/sign/v1",
      predicate: {},
    }),
  );
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  const sig = sign("sha256", Buffer.concat([Buffer.from(head), payload]), key).toString("base64");
  const bundle = {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: { publicKey: { hint: "test" } },
    dsseEnvelope: { payloadType, payload: payload.toString("base64"), signatures: [{ sig }] },
  };
  return packBundle(Buffer.from(JSON.stringify(bundle)), subject);
}

/** Packs, signs and pushes all generations to `host`. */
export async function publishGenerations(host: string): Promise<Artifacts> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publish = async (repository: string, tag: string, artifact: Artifact) => {
    const target = { origin: `http://${host}`, repository };
    await pushArtifact(target, artifact, tag);
    await pushArtifact(target, signAsCosign(artifact, privateKey));
    return `${host}/${repository}:${tag}@${artifact.digest}`;
  };
  const publishOne = async (tag: Generation): Promise<Images> => ({
    model: await publish(
      "model",
      tag,
      packModel("model", tag, [{ path: "weights.bin", bytes: Buffer.from(`weights ${tag}`), kind: "weight" }]),
    ),
    server: await publish("server", tag, packImage(tag, "server", `#!/bin/sh\necho ${tag}\n`)),
  });
  const [a, b, c] = await Promise.all([publishOne("a"), publishOne("b"), publishOne("c")]);
  return { pem: publicKey.export({ type: "spki", format: "pem" }).toString(), images: { a, b, c } };
}
