// Log entries of old attestations, in each version that logs have had.
import { createWorld, PERSON, toFirstEnvelopeEntry, toSecondEnvelopeEntry } from "../sigstore.ts";
import { bySigstore, createTable } from "../table.ts";
import { ATTESTATION, ATTESTED, INVALID } from "./facts.ts";
import { attestOld } from "./keyless/parts.ts";

export function listEntryCases() {
  const table = createTable();
  const world = createWorld();
  const signers = [bySigstore("ml", table.pin(world.trustedRoot), PERSON.issuer, { exact: PERSON.identity })];
  table.add(
    {
      name: "entry, legacy .att with intoto/0.0.2",
      bent: "nothing",
      rule: "the entry names signature and certificate",
      beside: attestOld(world, false, toSecondEnvelopeEntry),
      signers,
      facts: [{ signer: "ml", identity: PERSON.identity, ...ATTESTATION, form: "cosign-legacy" }],
      question: ATTESTED,
    },
    {
      name: "entry, legacy .att with intoto/0.0.1",
      bent: "the version of the entry, which names the envelope and no signature",
      rule: "an entry that is not understood vouches for nothing",
      beside: attestOld(world, false, toFirstEnvelopeEntry),
      signers,
      facts: [],
      question: ATTESTED,
      ...INVALID,
      differs: "first-in-toto",
    },
  );
  return table.finish();
}
