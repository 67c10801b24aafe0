// Every form of keyless signature, once good.
import { packReferrer } from "../../pack.ts";
import { WORKFLOW, type World } from "../../sigstore.ts";
import { stateEvaluated, stateFiles } from "../../statements.ts";
import { ARTIFACT, ATTESTATION, ATTESTED, FILES_SIGNED, NOTHING, OLD_ARTIFACT } from "../facts.ts";
import { attached, attestOld, chainOf, old, type Row, signFor, signOld, toText } from "./parts.ts";

export function listGood(world: World): Row[] {
  const plain = signOld(world);
  const stamped = signOld(world);
  const workflow = { names: [WORKFLOW.identity], vouchedBy: WORKFLOW.issuer };
  return [
    { name: "legacy .sig", beside: old(plain.payload, plain), fact: OLD_ARTIFACT },
    {
      name: "legacy .sig with its chain",
      bent: "nothing: cosign 2 writes authorities and root beside a signature",
      beside: old(plain.payload, { ...plain, chain: chainOf(world) }),
      fact: OLD_ARTIFACT,
    },
    {
      name: "legacy .sig with a timestamp",
      beside: old(stamped.payload, { ...stamped, stamp: world.stamp(stamped.signature) }),
      fact: OLD_ARTIFACT,
      timestamps: true,
    },
    {
      name: "legacy .att",
      beside: attestOld(world, false),
      fact: { ...ATTESTATION, form: "cosign-legacy" },
      question: ATTESTED,
    },
    {
      name: "legacy .att with a timestamp",
      bent: "nothing: cosign 2 has the whole envelope stamped",
      beside: attestOld(world, true),
      fact: { ...ATTESTATION, form: "cosign-legacy" },
      question: ATTESTED,
      timestamps: true,
    },
    {
      name: "bundle v0.1",
      beside: attached(signFor(world, { witness: "promise" }), "v0.1"),
      fact: ARTIFACT,
      differs: "old-bundle",
    },
    { name: "bundle v0.2", beside: attached(signFor(world), "v0.2"), fact: ARTIFACT, differs: "old-bundle" },
    { name: "bundle v0.3", beside: attached(signFor(world)), fact: ARTIFACT },
    {
      name: "bundle v0.3 with a timestamp",
      beside: attached(signFor(world, { isStamped: true })),
      fact: ARTIFACT,
      timestamps: true,
    },
    {
      name: "bundle v0.3 with proof and timestamp alone",
      beside: attached(signFor(world, { isStamped: true, witness: "proof" })),
      fact: ARTIFACT,
      timestamps: true,
    },
    { name: "bundle by fallback tag", beside: { listed: [packReferrer(toText(signFor(world)))] }, fact: ARTIFACT },
    {
      name: "attestation",
      beside: attached(signFor(world, { statement: stateEvaluated() })),
      fact: ATTESTATION,
      question: ATTESTED,
    },
    {
      name: "OMS",
      beside: attached(signFor(world, { statement: stateFiles() })),
      fact: FILES_SIGNED,
      question: NOTHING,
    },
    {
      name: "bundle by a workflow",
      beside: attached(signFor(world, { wish: workflow })),
      fact: ARTIFACT,
      who: WORKFLOW,
    },
    {
      name: "bundle by a pattern",
      bent: "the policy has a pattern over the whole name",
      beside: attached(signFor(world)),
      fact: ARTIFACT,
      pattern: "[a-z]+@acme\\.example",
    },
    {
      name: "bundle on P-384",
      bent: "nothing: a key on P-384 with SHA-384",
      beside: attached(signFor(world, { kind: "p384" })),
      fact: ARTIFACT,
      hash: "sha384",
    },
    {
      name: "bundle by Ed25519",
      bent: "nothing: an Ed25519 key",
      beside: attached(signFor(world, { kind: "ed25519" })),
      fact: ARTIFACT,
    },
  ];
}
