// The artifacts of the example, from the fetched files; their digests are the same everywhere.
import { type Artifact, packImage, packModel } from "./pack.ts";
import { fetchModel } from "./fetch.ts";

const CARD = `Silero VAD: tells speech from silence in audio.
Licence: MIT, Silero Team (https://github.com/snakers4/silero-vad).
`;

const pack = (version: string, weights: Buffer) =>
  packModel("silero-vad", version, [
    { path: "silero_vad.onnx", bytes: weights, kind: "weight" },
    { path: "MODEL_CARD.txt", bytes: Buffer.from(CARD), kind: "doc" },
  ]);

const packServer = (version: string) => packImage(version, "voice-gate", `#!/bin/sh\necho voice-gate ${version}\n`);

/** Every artifact by repository and tag. */
export async function packAll() {
  const [v5, v6, legacy] = await Promise.all([fetchModel("v5"), fetchModel("v6"), fetchModel("legacy")]);
  const changed = Buffer.from(v5);
  // One bit of one weight.
  changed.writeUInt8(changed.readUInt8(1_000_000) ^ 1, 1_000_000);
  return {
    "models/silero-vad:v5": pack("v5", v5),
    "models/silero-vad:v6": pack("v6", v6),
    "models/silero-vad:stranger": pack("v4", legacy),
    "models/silero-vad:unsigned": pack("v4-unsigned", legacy),
    "models/silero-vad:tampered": pack("v5", changed),
    "voice-gate:v5": packServer("v5"),
    "voice-gate:v6": packServer("v6"),
  } satisfies Record<string, Artifact>;
}

export type ArtifactName = keyof Awaited<ReturnType<typeof packAll>>;
