// Bundles that mean two things.
import { byCertificate, toBundle, toEnvelope, toMessage } from "../../bundles.ts";
import { signBy } from "../../keys.ts";
import { MODEL } from "../../pack.ts";
import { createCertified, toBlobEntry, type World } from "../../sigstore.ts";
import { stateEvaluated } from "../../statements.ts";
import { ATTESTED, INVALID } from "../facts.ts";
import { attachedText, type Parts, type Row, signFor, toText } from "./parts.ts";

/** Signs until the signature's base64 has padding: DER makes it 70 to 72 bytes long. */
function signPadded(world: World): Parts {
  const parts = signFor(world);
  return parts.signature.length % 3 === 0 ? signPadded(world) : parts;
}

/** Bundles that mean two things. */
export function listContainers(world: World): Row[] {
  const parts = signPadded(world);
  const statement = JSON.stringify(stateEvaluated());
  const by = createCertified(world);
  const signature = signBy(by, MODEL.manifest);
  const entry = world.enter(toBlobEntry(by, MODEL.manifest, signature));
  const material = { ...byCertificate(by.certificate), tlogEntries: [entry] };
  const message = { messageSignature: toMessage(MODEL.manifest, signature) };
  const forged = { dsseEnvelope: toEnvelope(statement, [signature]) };
  const loose = (text: string) =>
    text.replace(/"sig":"([^"]+)=="/, (_, sig: string) => `"sig":"${sig}"`).replace(/"sig":"([^"=]+)="/, '"sig":"$1"');
  return [
    {
      name: "a signed file with an attestation that nobody signed",
      bent: "an envelope beside the signature over the manifest's bytes",
      rule: "bundle specification: one of them",
      beside: attachedText(toBundle({ ...message, ...forged }, material)),
      question: ATTESTED,
      ...INVALID,
    },
    {
      name: "a signed file",
      bent: "messageSignature over the manifest's bytes",
      rule: "cosign signs images by statements; a signed file is no signed image",
      beside: attachedText(toBundle(message, material)),
      ...INVALID,
    },
    {
      name: "a bundle of a later version",
      bent: "mediaType says v0.4",
      rule: "what is not known is not read",
      beside: attachedText(toText(parts).replace("bundle.v0.3", "bundle.v0.4")),
      ...INVALID,
    },
    {
      name: "a bundle with its certificate twice",
      bent: "certificate twice, the first one another's",
      rule: "RFC 8259 §4: names have to be unique, else readers differ",
      beside: attachedText(
        toText(parts).replace(
          '"certificate":',
          `"certificate":${JSON.stringify(byCertificate(by.certificate).certificate)},"certificate":`,
        ),
      ),
      ...INVALID,
    },
    {
      name: "a bundle in base64 without padding",
      bent: "the signature's padding",
      rule: "RFC 4648 §3.2: padding belongs to it",
      beside: attachedText(loose(toText(parts))),
      ...INVALID,
      differs: "base64",
    },
  ];
}
