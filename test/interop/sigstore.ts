// Models that somebody with a name signed, by a private Sigstore.
import type { ModelStatement } from "../harness/models.ts";
import { createSigstore, type SigstoreOptions, type Who } from "../harness/sigstore.ts";

const PERSON: Who = { identity: "ml@acme.example", issuer: "https://accounts.acme.example" };
const PIPELINE: Who = {
  identity: "https://github.com/acme/models/.github/workflows/release.yml@refs/heads/main",
  issuer: "https://token.actions.githubusercontent.com",
};

interface Made {
  trustedRoot: string;
  bundle: string;
}
export interface SigstoreCase {
  what: string;
  make: (statement: ModelStatement) => Promise<Made>;
  /** Who has to have signed. */
  who: Who;
}

interface Bundle {
  verificationMaterial: { tlogEntries: Record<string, unknown>[]; timestampVerificationData?: unknown };
}

const signedBy =
  (by: Who, options: SigstoreOptions = {}, change: (bundle: Bundle) => unknown = () => {}) =>
  async (statement: ModelStatement): Promise<Made> => {
    const sigstore = await createSigstore(options);
    const bundle = JSON.parse(await sigstore.signStatement(statement, by)) as Bundle;
    change(bundle);
    return { trustedRoot: sigstore.trustedRoot, bundle: JSON.stringify(bundle) };
  };
const changeEntry = (change: (entry: Record<string, unknown>) => unknown) => (bundle: Bundle) =>
  bundle.verificationMaterial.tlogEntries.forEach(change);

export const SIGSTORE_CASES: readonly SigstoreCase[] = [
  { what: "a person", make: signedBy(PERSON), who: PERSON },
  { what: "a workflow", make: signedBy(PIPELINE), who: PIPELINE },
  { what: "somebody else", make: signedBy(PERSON), who: { ...PERSON, identity: "eve@acme.example" } },
  { what: "vouched for by another", make: signedBy(PERSON), who: { ...PERSON, issuer: PIPELINE.issuer } },
  { what: "in capitals", make: signedBy(PERSON), who: { ...PERSON, identity: "ML@acme.example" } },
  {
    what: "under another root",
    make: async (statement) => ({
      ...(await signedBy(PERSON)(statement)),
      trustedRoot: (await createSigstore()).trustedRoot,
    }),
    who: PERSON,
  },
  { what: "without a timestamp", make: signedBy(PERSON, { timestamp: false }), who: PERSON },
  { what: "without a promise", make: signedBy(PERSON, { witness: "proof" }), who: PERSON },
  { what: "without any time", make: signedBy(PERSON, { witness: "proof", timestamp: false }), who: PERSON },
  { what: "after the certificate ran out", make: signedBy(PERSON, { late: 11 * 60_000 }), who: PERSON },
  {
    what: "without an entry of the log",
    make: signedBy(PERSON, {}, ({ verificationMaterial }) => (verificationMaterial.tlogEntries = [])),
    who: PERSON,
  },
  {
    what: "with an entry of another time",
    make: signedBy(
      PERSON,
      {},
      changeEntry((entry) => (entry.integratedTime = String(Number(entry.integratedTime) + 1))),
    ),
    who: PERSON,
  },
  {
    what: "with an entry of another place",
    make: signedBy(
      PERSON,
      {},
      changeEntry((entry) => (entry.logIndex = String(Number(entry.logIndex) + 1))),
    ),
    who: PERSON,
  },
  {
    what: "with a statement of another type",
    make: (statement) => signedBy(PERSON)({ ...statement, predicateType: "https://slsa.dev/provenance/v1" }),
    who: PERSON,
  },
];

/** A trusted root as the reference implementation wants it: with where to sign, which nobody asks for here. */
export const toTrustConfig = (trustedRoot: string): string =>
  JSON.stringify({
    mediaType: "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
    trustedRoot: JSON.parse(trustedRoot) as unknown,
    signingConfig: {
      mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
      rekorTlogConfig: { selector: "ANY" },
      tsaConfig: { selector: "ANY" },
    },
  });
