/** A signer of an AIPolicy: whom a signature is believed from, by key, by Sigstore identity or by certificate. */
import * as z from "zod";
import { label, objectName, withRules } from "./fields.ts";

const pinKey = () =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[-._a-zA-Z0-9]+$/)
    .describe("The ConfigMap's key.");
const pin = () =>
  z
    .string()
    .max(64)
    .regex(/^[a-f0-9]{64}$/)
    .describe("SHA-256 of the ConfigMap's value, which pins it.");
const pinMap = (what: string) => objectName().describe(`A ConfigMap of the operator's namespace that holds ${what}.`);

/** A text in a ConfigMap of the operator's namespace, pinned by its SHA-256. */
const pinnedText = (what: string) => z.object({ configMap: pinMap(what), key: pinKey(), sha256: pin() });

const publicKey = withRules(
  z.object({
    pem: z.string().min(1).max(4096).optional().describe("The key itself, PEM (SubjectPublicKeyInfo)."),
    configMap: pinMap("the key").optional(),
    key: pinKey().optional(),
    sha256: pin().optional(),
  }),
  {
    rule: "has(self.pem) != has(self.configMap)",
    message: "give the key either as pem or as configMap, key and sha256",
  },
  {
    rule: "has(self.configMap) == has(self.key) && has(self.configMap) == has(self.sha256)",
    message: "a configMap needs key and sha256 beside it",
  },
);

const identity = () =>
  withRules(
    z.object({
      exact: z
        .string()
        .min(1)
        .max(2048)
        .regex(/^[^\s]+$/)
        .optional()
        .describe("The name, letter by letter: an address, or the URI of a workflow."),
      pattern: z
        .string()
        .min(1)
        .max(512)
        .optional()
        .describe("A regular expression (RE2) that the whole name has to match, from its first letter to its last."),
    }),
    { rule: "has(self.exact) != has(self.pattern)", message: "give the identity either as exact or as pattern" },
    {
      // An expression that does not compile fails the rule, whatever it is matched with.
      rule: "!has(self.pattern) || (''.matches(self.pattern) in [true, false])",
      message: "the pattern is no regular expression (RE2)",
    },
  );

const sigstore = z.object({
  trustedRoot: pinnedText("the trusted_root.json")
    .optional()
    .describe(
      "Authorities and logs of a private instance; those of Sigstore's public-good instance where it is left out.",
    ),
  issuer: z
    .string()
    .max(512)
    .regex(/^https?:\/\/[^\s]+$/)
    .describe("Who has to vouch for the name: the URL of the OpenID Connect issuer, letter by letter."),
  identity: identity().describe("Who has to have signed."),
});

const x509 = z.object({
  roots: pinnedText("the certificates").describe(
    "PEM certificates: those that issued themselves are trusted, the others may lie between them and the signer.",
  ),
  crls: pinnedText("the revocation lists")
    .optional()
    .describe(
      "PEM certificate revocation lists. Where they are given, every authority on the path needs a current one, time-stamping authorities too; whoever issued their own certificate needs one of their own.",
    ),
  timestampAuthorities: pinnedText("the certificates")
    .optional()
    .describe(
      "PEM certificates of time-stamping authorities (RFC 3161): those that issued themselves are trusted, other authorities may lie between; where any is no authority, these alone may stamp. A signature with timestamps is then judged at their time, and every one of them has to hold; one without is judged now.",
    ),
  identity: identity()
    .optional()
    .describe(
      "Which name the certificate has to carry (subjectAltName); where it is left out any name will do, but the certificate needs one.",
    ),
});

/** One entry of an AIPolicy's signers. */
export const signer = () =>
  withRules(
    z.object({
      name: label().describe("The signer's name."),
      publicKey: publicKey.optional().describe("The key it signs with."),
      sigstore: sigstore.optional().describe("The identity it signs with, without a key of its own (keyless)."),
      x509: x509.optional().describe("The authorities that issue its certificates."),
    }),
    {
      rule: "[has(self.publicKey), has(self.sigstore), has(self.x509)].filter(given, given).size() == 1",
      message: "give exactly one of publicKey, sigstore and x509",
    },
  );

export type Signer = z.output<ReturnType<typeof signer>>;
/** Which names a signer may have. */
export type IdentityRule = z.output<ReturnType<typeof identity>>;
/** Where a pinned text is kept. */
export type PinnedText = z.output<ReturnType<typeof pinnedText>>;
