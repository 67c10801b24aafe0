// Logs and times that do not fit.
import type { Witness } from "../../../harness/sigstore/log.ts";
import { malleate } from "../../keys.ts";
import { type Beside, OTHER } from "../../pack.ts";
import { createCertified, createWorld, type LogEntry, SIGNED_AT, toEnvelopeEntry, type World } from "../../sigstore.ts";
import { payloadOf, stateEvaluated, stateSigned, toSigned } from "../../statements.ts";
import { ATTESTED, INVALID } from "../facts.ts";
import { base64, attached, old, type Parts, type Row, signFor, type Signing, signOld } from "./parts.ts";

function requireProof({ inclusionProof }: LogEntry) {
  if (inclusionProof === undefined) throw new Error("an inclusion proof");
  return inclusionProof;
}

/** Logs and times that do not fit. */
export function listWitnesses(world: World): Row[] {
  const other = createWorld();
  const sign = (signing?: Signing) => signFor(world, signing);
  const swap = (to: (parts: Parts, others: Parts) => Partial<Parts>, signing?: Signing): Beside => {
    const [parts, others] = [sign(signing), sign(signing)];
    return attached({ ...parts, ...to(parts, others) });
  };
  const mapEntry = (to: (entry: LogEntry, another: LogEntry) => LogEntry) =>
    swap(({ entries }, others) => ({ entries: entries.map((one, at) => to(one, others.entries[at] ?? one)) }));
  const stranger = (parts: Parts, witness?: Witness) =>
    other.enter(toEnvelopeEntry(parts.by, parts.payload, parts.signature), witness);
  const another = createCertified(world);
  const high = (): Beside => {
    const parts = sign();
    return attached({ ...parts, signature: malleate(parts.by.key, toSigned(parts.payload)) });
  };
  const [[a, b], late] = [[signOld(world), signOld(world)], SIGNED_AT + 60 * 60_000];
  const afterwards = signOld(world, payloadOf(), { at: late });
  const twoOf = signOld(world, payloadOf(OTHER.digest));
  const promise = (from: LogEntry | undefined) =>
    from?.inclusionPromise === undefined ? {} : { inclusionPromise: from.inclusionPromise };
  const proof = (from: LogEntry | undefined) =>
    from?.inclusionProof === undefined ? {} : { inclusionProof: from.inclusionProof };
  return [
    {
      name: "swapped log entries",
      bent: "the entry of another's signature of the same artifact",
      rule: "the entry names signature and certificate",
      beside: swap((_, { entries }) => ({ entries })),
      ...INVALID,
    },
    {
      name: "the log entry of another key",
      bent: "an entry of this signature under another certificate",
      rule: "the entry names signature and certificate",
      beside: swap((parts) => ({ entries: [world.enter(toEnvelopeEntry(another, parts.payload, parts.signature))] })),
      ...INVALID,
    },
    {
      name: "the log entry of another certificate",
      bent: "the same key, certified twice",
      rule: "the entry names signature and certificate",
      beside: swap((parts) => ({
        entries: [
          world.enter(
            toEnvelopeEntry(
              { ...parts.by, certificate: world.certify(parts.by).certificate },
              parts.payload,
              parts.signature,
            ),
          ),
        ],
      })),
      ...INVALID,
    },
    {
      name: "legacy, swapped log entries",
      bent: "the entry of another's signature of the same artifact",
      rule: "the entry names signature and certificate",
      beside: old(a.payload, { ...a, entry: b.entry }),
      ...INVALID,
    },
    {
      name: "no log entry",
      bent: "no entry",
      rule: "client specification: logged at least once",
      beside: swap(() => ({ entries: [] })),
      ...INVALID,
    },
    {
      name: "no log entry, a timestamp",
      bent: "no entry",
      rule: "client specification: logged at least once",
      beside: swap(() => ({ entries: [] }), { isStamped: true }),
      timestamps: true,
      ...INVALID,
    },
    {
      name: "the promise of another log",
      bent: "signedEntryTimestamp by another log's key",
      rule: "a log that is trusted",
      beside: swap((parts) => ({ entries: parts.entries.map((one) => ({ ...one, ...promise(stranger(parts)) })) })),
      ...INVALID,
    },
    {
      name: "all of another log",
      bent: "the entry is another log's",
      rule: "a log that is trusted",
      beside: swap((parts) => ({ entries: [stranger(parts)] })),
      ...INVALID,
    },
    {
      name: "the proof of another entry",
      bent: "inclusion proof",
      rule: "RFC 6962 §2.1.1: the proof leads from this leaf to the root",
      beside: mapEntry((one, from) => ({ ...one, ...proof(from) })),
      ...INVALID,
    },
    {
      name: "a proof with another root",
      bent: "the root hash of the proof, and not of its checkpoint",
      rule: "RFC 6962: the proof is against one root",
      beside: mapEntry((one) => ({
        ...one,
        inclusionProof: { ...requireProof(one), rootHash: base64(Buffer.alloc(32)) },
      })),
      ...INVALID,
    },
    {
      name: "a checkpoint by another log",
      bent: "the checkpoint's signature",
      rule: "a log that is trusted",
      beside: swap((parts) => ({
        entries: parts.entries.map((one) => ({ ...one, ...proof(stranger(parts, "proof")) })),
      })),
      ...INVALID,
    },
    {
      name: "neither promise nor timestamp",
      bent: "a proof alone, which has no time",
      rule: "client specification: a trusted time, in which the certificate held",
      beside: attached(sign({ witness: "proof" })),
      ...INVALID,
    },
    {
      name: "logged after the certificate ran out",
      bent: "integratedTime is an hour late",
      rule: "the certificate has to hold at that time",
      beside: attached(sign({ at: late })),
      ...INVALID,
    },
    {
      name: "logged before the certificate began",
      bent: "integratedTime is an hour early",
      rule: "the certificate has to hold at that time",
      beside: attached(sign({ at: SIGNED_AT - 60 * 60_000 })),
      ...INVALID,
    },
    {
      name: "another integrated time",
      bent: "integratedTime is not what the log signed",
      rule: "the promise covers it",
      beside: mapEntry((one) => ({ ...one, integratedTime: String(Number(one.integratedTime) + 1) })),
      ...INVALID,
    },
    {
      name: "legacy, logged after the certificate ran out",
      bent: "integratedTime is an hour late",
      rule: "the certificate has to hold at that time",
      beside: old(afterwards.payload, afterwards),
      ...INVALID,
    },
    {
      name: "legacy, late and stamped in time",
      bent: "integratedTime is an hour late, the timestamp is not",
      rule: "the certificate has to hold at each time that is told",
      beside: old(afterwards.payload, { ...afterwards, stamp: world.stamp(afterwards.signature) }),
      timestamps: true,
      ...INVALID,
    },
    {
      name: "stamped by an unknown authority",
      bent: "the timestamp is another instance's",
      rule: "RFC 3161: an authority that is trusted",
      beside: swap((parts) => ({ stamps: [other.stamp(parts.signature)] })),
      timestamps: true,
      ...INVALID,
    },
    {
      name: "a timestamp over another signature",
      bent: "timestamp",
      rule: "RFC 3161: it is over this signature",
      beside: swap((_, others) => ({ stamps: [world.stamp(others.signature)] })),
      timestamps: true,
      ...INVALID,
    },
    {
      name: "stamped after the certificate ran out",
      bent: "the timestamp is an hour late",
      rule: "the certificate has to hold at each time that is told",
      beside: swap((parts) => ({ stamps: [world.stamp(parts.signature, late)] })),
      timestamps: true,
      ...INVALID,
    },
    {
      name: "the other signature",
      bent: "(r, n - s) in place of (r, s)",
      rule: "the log has another signature",
      beside: high(),
      ...INVALID,
    },
    {
      name: "an entry twice",
      bent: "the same entry twice",
      rule: "client specification: an entry counts once",
      beside: swap(({ entries }) => ({ entries: [...entries, ...entries] })),
      ...INVALID,
    },
    {
      name: "an entry and a stranger's",
      bent: "a second entry, of another log",
      rule: "each entry that is there has to hold",
      beside: swap((parts) => ({ entries: [...parts.entries, stranger(parts)] })),
      ...INVALID,
      differs: "further-entries",
    },
    {
      name: "legacy about another image",
      bent: "the digest in the payload",
      rule: "the payload names what is signed",
      beside: old(twoOf.payload, twoOf),
      ...INVALID,
    },
    {
      name: "a bundle about another image",
      bent: "the subject",
      rule: "in-toto: the subject is what is stated about",
      beside: attached(sign({ statement: stateSigned(OTHER.digest) })),
      ...INVALID,
    },
    {
      name: "an attestation about another image",
      bent: "the subject",
      rule: "in-toto: the subject is what is stated about",
      beside: attached(sign({ statement: stateEvaluated(OTHER.digest) })),
      question: ATTESTED,
      ...INVALID,
    },
    {
      name: "an attestation by somebody else",
      bent: "the name",
      rule: "whoever else attests is no fault of the artifact",
      beside: attached(sign({ statement: stateEvaluated(), wish: { names: ["eve@acme.example"] } })),
      question: ATTESTED,
    },
  ];
}
