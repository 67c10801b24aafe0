// Every form of signature by certificate, and every kind of key, once good.
import { createSigner } from "../../authorities.ts";
import { hashOf, KEY_KINDS } from "../../keys.ts";
import { packReferrer } from "../../pack.ts";
import { stateEvaluated, stateFiles } from "../../statements.ts";
import { ARTIFACT, ATTESTATION, ATTESTED, FILES_SIGNED, NOTHING, OLD_ARTIFACT } from "../facts.ts";
import { attached, type Company, old, oldAttestation, type Row, toText } from "./parts.ts";

export function listGood({ root, between }: Company): Row[] {
  const by = createSigner(between);
  const chain = [between, root];
  const kinds: Row[] = KEY_KINDS.map((kind) => {
    const hash = hashOf(kind);
    const beside = attached(createSigner(between, { kind }));
    return { name: `bundle v0.3, ${kind}`, beside, fact: ARTIFACT, ...(hash === undefined ? {} : { hash }) };
  });
  return [
    { name: "legacy .sig", beside: old(by, { chain }), roots: [root], fact: OLD_ARTIFACT },
    { name: "legacy .sig, intermediate from the policy", beside: old(by), fact: OLD_ARTIFACT },
    {
      name: "legacy .att",
      beside: oldAttestation(by, chain),
      roots: [root],
      fact: { ...ATTESTATION, form: "cosign-legacy" },
      question: ATTESTED,
    },
    {
      name: "bundle v0.1",
      beside: attached(by, { version: "v0.1", chain: [between] }),

      fact: ARTIFACT,
      differs: "old-bundle",
    },
    {
      name: "bundle v0.2",
      beside: attached(by, { version: "v0.2", chain: [between] }),

      fact: ARTIFACT,
      differs: "old-bundle",
    },
    { name: "bundle by fallback tag", beside: { listed: [packReferrer(toText(by))] }, fact: ARTIFACT },
    {
      name: "attestation",
      beside: attached(by, { statement: stateEvaluated() }),
      fact: ATTESTATION,
      question: ATTESTED,
    },
    {
      name: "OMS",
      beside: attached(by, { statement: stateFiles(), chain: [between] }),
      roots: [root],
      fact: FILES_SIGNED,
      question: NOTHING,
    },
    {
      name: "bundle of any name",
      bent: "the policy names no identity",
      beside: attached(by),
      identity: "any",
      fact: ARTIFACT,
    },
    {
      name: "bundle by a pattern",
      bent: "the policy has a pattern over the whole name",
      beside: attached(by),
      identity: { pattern: "[a-z]+@acme\\.example" },
      fact: ARTIFACT,
    },
    ...kinds,
  ];
}
