// Several signers and several signatures: how many different signers stand behind an artifact.
import { BY_KEY, byCertificate, toBundle, toEnvelope } from "../bundles.ts";
import type { Fact } from "../case.ts";
import { createSignatory, type Signatory } from "../keys.ts";
import { type Packed, packReferrer } from "../pack.ts";
import { createCertified, createWorld, PERSON, signStatement, toEnvelopeEntry, type World } from "../sigstore.ts";
import { stateSigned } from "../statements.ts";
import { ARTIFACT } from "./facts.ts";
import { byKey, bySigstore, createTable } from "../table.ts";

const believed = (...signers: string[]): Fact[] => signers.map((signer) => ({ signer, ...ARTIFACT }));

function signBundle(by: Signatory): Packed {
  const payload = JSON.stringify(stateSigned());
  return packReferrer(toBundle({ dsseEnvelope: toEnvelope(payload, [signStatement(by, payload)]) }, BY_KEY));
}

function signKeyless(world: World, identity: string): Packed {
  const by = createCertified(world, { names: [identity] });
  const payload = JSON.stringify(stateSigned());
  const signature = signStatement(by, payload);
  const material = {
    ...byCertificate(by.certificate),
    tlogEntries: [world.enter(toEnvelopeEntry(by, payload, signature))],
  };
  return packReferrer(toBundle({ dsseEnvelope: toEnvelope(payload, [signature]) }, material));
}

export function listSeveralCases() {
  const table = createTable();
  const [ci, lead, world] = [createSignatory(), createSignatory(), createWorld()];
  const root = table.pin(world.trustedRoot);
  const pattern = (name: string, text: string) => bySigstore(name, root, PERSON.issuer, { pattern: text });
  const keyless = (signer: string, identity: string): Fact => ({ signer, ...ARTIFACT, identity });
  table.add(
    {
      name: "several, two signers",
      bent: "nothing: two keys, two signatures",
      rule: "each key signed once",
      beside: { referrers: [signBundle(ci), signBundle(lead)] },
      signers: [byKey("ci", ci), byKey("lead", lead)],
      facts: believed("ci", "lead"),
      signersThatCount: 2,
    },
    {
      name: "several, one of two signers",
      bent: "one of two signed",
      rule: "who did not sign does not count",
      beside: { referrers: [signBundle(ci)] },
      signers: [byKey("ci", ci), byKey("lead", lead)],
      facts: believed("ci"),
      signersThatCount: 1,
    },
    {
      name: "several, one key under two names",
      bent: "two signers of the policy with one key",
      rule: "one key is one signer",
      beside: { referrers: [signBundle(ci)] },
      signers: [byKey("ci", ci), byKey("lead", ci)],
      facts: believed("ci", "lead"),
      signersThatCount: 1,
    },
    {
      name: "several, one key twice",
      bent: "two signatures by one key",
      rule: "one key is one signer",
      beside: { referrers: [signBundle(ci), signBundle(ci)] },
      signers: [byKey("ci", ci), byKey("lead", lead)],
      facts: believed("ci"),
      signersThatCount: 1,
    },
    {
      name: "several, one name by two patterns",
      bent: "two signers of the policy whose patterns take one name",
      rule: "one name is one signer",
      beside: { referrers: [signKeyless(world, PERSON.identity)] },
      signers: [pattern("ml", ".*@acme\\.example"), pattern("anybody", "ml@.*")],
      facts: [keyless("ml", PERSON.identity), keyless("anybody", PERSON.identity)],
      signersThatCount: 1,
    },
    {
      name: "several, two names by one pattern",
      bent: "two people whom one signer of the policy takes",
      rule: "one signer of the policy counts once",
      beside: { referrers: [signKeyless(world, PERSON.identity), signKeyless(world, "eve@acme.example")] },
      signers: [pattern("anybody", ".*@acme\\.example")],
      facts: [keyless("anybody", PERSON.identity), keyless("anybody", "eve@acme.example")],
      signersThatCount: 1,
    },
    {
      name: "several, two names by two patterns",
      bent: "nothing: two people, two signers, both patterns take both",
      rule: "as many pairs as can be made",
      beside: { referrers: [signKeyless(world, PERSON.identity), signKeyless(world, "eve@acme.example")] },
      signers: [pattern("first", ".*@acme\\.example"), pattern("second", "[a-z]+@acme\\.example")],
      facts: [
        keyless("first", PERSON.identity),
        keyless("second", PERSON.identity),
        keyless("first", "eve@acme.example"),
        keyless("second", "eve@acme.example"),
      ],
      signersThatCount: 2,
    },
    {
      name: "several, a key and a name",
      bent: "nothing: one by key, one keyless",
      rule: "two signers",
      beside: { referrers: [signBundle(ci), signKeyless(world, PERSON.identity)] },
      signers: [byKey("ci", ci), bySigstore("ml", root, PERSON.issuer, { exact: PERSON.identity })],
      facts: [...believed("ci"), keyless("ml", PERSON.identity)],
      signersThatCount: 2,
    },
  );
  return table.finish();
}
