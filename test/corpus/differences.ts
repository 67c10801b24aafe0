// Where cosign 3.1.2 judges otherwise, and why. A difference that is not told here fails the comparison.

interface Explained {
  /** What cosign says; the other thing is said here. */
  cosign: "accepts" | "refuses";
  why: string;
}

export const DIFFERENCES = {
  "old-bundle": {
    cosign: "refuses",
    why: "cosign reads bundles of registries from v0.3 on; as a file it accepts the same (`verify-blob-attestation`, which takes SHA-256 for every hash)",
  },
  "any-statement": {
    cosign: "accepts",
    why: "`cosign verify` takes any in-toto statement about the image for a signature, whatever it states",
  },
  "several-subjects": { cosign: "accepts", why: "cosign asks whether the image is one of the subjects" },
  "referrer-subject": { cosign: "accepts", why: "cosign does not read the subject of a referrer" },
  "artifact-type": { cosign: "accepts", why: "cosign reads every referrer, whatever it says to be" },
  "certificate-beside-key": { cosign: "accepts", why: "cosign leaves a certificate unread where it is given a key" },
  "layer-type": { cosign: "accepts", why: "cosign takes every layer under the tag for a signature" },
  "duplicate-names": { cosign: "accepts", why: "cosign takes the last of two members of one name" },
  "unknown-statement": { cosign: "accepts", why: "cosign does not read the version of a statement" },
  "several-names": {
    cosign: "accepts",
    why: "cosign asks whether one of the names is the trusted one, or takes the first",
  },
  pattern: { cosign: "accepts", why: "cosign matches a pattern with any part of the name" },
  "key-usage": { cosign: "accepts", why: "cosign asks for no key usage, and takes no extended usage for all of them" },
  "payload-type": { cosign: "accepts", why: "cosign does not read the type of a payload" },
  p1363: { cosign: "accepts", why: "cosign reads two spellings of an ECDSA signature" },
  "mail-host": { cosign: "accepts", why: "Go takes a host that may be named for all hosts below it, too" },
  "subject-constraint": {
    cosign: "refuses",
    why: "Go knows no constraints of subjects, and refuses any that are critical",
  },
  "unprintable-name": { cosign: "accepts", why: "cosign takes line breaks in a name" },
  "first-name": {
    cosign: "refuses",
    why: "cosign reads the first name of a certificate beside a bundle; beside a legacy signature it reads all, and accepts",
  },
  revocation: { cosign: "accepts", why: "cosign knows no revocation lists" },
  "not-stamped": {
    cosign: "refuses",
    why: "cosign, told whose timestamps count, wants one beside a bundle; told nothing of them, it accepts the same, as the certificate is valid now",
  },
  "first-in-toto": {
    cosign: "accepts",
    why: "@sigstore/verify does not know entries intoto/0.0.1, which name no signature: what was attested with them has to be attested anew",
  },
  accuracy: { cosign: "accepts", why: "cosign does not read the accuracy of a timestamp" },
  future: { cosign: "accepts", why: "cosign does not ask whether the time of a timestamp has come" },
  "further-stamps": { cosign: "accepts", why: "cosign wants one timestamp that holds, and leaves others" },
  "signing-certificate": {
    cosign: "accepts",
    why: "cosign does not read by which certificate a timestamp says to be made",
  },
  "further-entries": { cosign: "accepts", why: "cosign wants one entry that holds, and leaves others" },
  base64: { cosign: "accepts", why: "Go's base64 skips line breaks, and protobuf's JSON takes either alphabet" },
} as const satisfies Record<string, Explained>;

export type Difference = keyof typeof DIFFERENCES;
