// What cosign has to be told to trust whom a signer of a policy stands for.
import { createHash, X509Certificate } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IdentityRule } from "../../../src/api/signer.ts";
import { splitPem } from "../../../src/domain/pem.ts";
import type { TrustAnchor } from "../../../src/domain/signers.ts";
import type { Case } from "../../corpus/case.ts";

/** Writes texts as files of a folder, each once: somebody may be reading it. */
export const createFiles = (folder: string) => (text: string, ending: string) => {
  const path = join(folder, `${createHash("sha256").update(text).digest("hex").slice(0, 16)}.${ending}`);
  if (!existsSync(path)) writeFileSync(path, text);
  return path;
};
type WriteFile = ReturnType<typeof createFiles>;

const toIdentity = (rule: IdentityRule | undefined): string[] =>
  rule?.exact === undefined
    ? ["--certificate-identity-regexp", rule?.pattern ?? ".*"]
    : ["--certificate-identity", rule.exact];

const isOld = ({ content }: Case) => Object.keys(content.tags).some((tag) => /\.(sig|att)$/.test(tag));

const readCertificates = (pem: string) => {
  const all = (splitPem(pem, "CERTIFICATE") ?? []).map((text) => new X509Certificate(text));
  const isRoot = (one: X509Certificate) => one.checkIssued(one);
  return { roots: all.filter(isRoot), others: all.filter((one) => !isRoot(one)) };
};

/** Authorities as cosign takes them for bundles: a trusted root without logs. */
function toTrustedRoot(
  { roots, others }: ReturnType<typeof readCertificates>,
  stamping: ReturnType<typeof readCertificates> | undefined,
): string {
  const toRaw = ({ raw }: X509Certificate) => ({ rawBytes: raw.toString("base64") });
  return JSON.stringify({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    certificateAuthorities: roots.map((root) => ({
      subject: { organization: "acme.example", commonName: "Acme" },
      uri: "https://acme.example",
      certChain: { certificates: [...others, root].map(toRaw) },
      validFor: { start: "2020-01-01T00:00:00Z" },
    })),
    ...(stamping === undefined
      ? {}
      : {
          timestampAuthorities: stamping.roots.map((root) => ({
            subject: { organization: "acme.example", commonName: "Acme time" },
            uri: "https://time.acme.example",
            certChain: { certificates: [...stamping.others, root].map(toRaw) },
            validFor: { start: "2020-01-01T00:00:00Z" },
          })),
        }),
  });
}

type Authorities = Pick<Extract<TrustAnchor, { by: "x509" }>, "roots" | "timestampAuthorities">;

function toAuthorities(
  { roots: pem, timestampAuthorities: stampers }: Authorities,
  isLegacy: boolean,
  write: WriteFile,
): string[] {
  const { roots, others } = readCertificates(pem);
  const stamping = stampers === undefined ? undefined : readCertificates(stampers);
  const use = stamping === undefined ? [] : ["--use-signed-timestamps"];
  if (!isLegacy) return ["--trusted-root", write(toTrustedRoot({ roots, others }, stamping), "json"), ...use];
  const toText = (all: X509Certificate[]) => all.map(String).join("");
  const between = others.length === 0 ? [] : ["--ca-intermediates", write(toText(others), "pem")];
  const stampChain = stampers === undefined ? [] : ["--timestamp-certificate-chain", write(stampers, "pem")];
  return ["--ca-roots", write(toText(roots), "pem"), ...between, ...use, ...stampChain];
}

/** The flags for a signer. Revocation lists have none. */
export function toFlags(anchor: TrustAnchor, about: Case, write: WriteFile): string[] {
  const hash = about.hash === undefined ? [] : [`--signature-digest-algorithm=${about.hash}`];
  const stamps = about.timestamps === true ? ["--use-signed-timestamps"] : [];
  switch (anchor.by) {
    case "key":
      return ["--key", write(anchor.pem, "pub"), "--insecure-ignore-tlog=true", ...hash];
    case "sigstore": {
      const who = [...toIdentity(anchor.identity), "--certificate-oidc-issuer", anchor.issuer];
      return ["--trusted-root", write(anchor.root, "json"), ...who, "--offline", ...stamps];
    }
    case "x509": {
      const who = [...toIdentity(anchor.identity), "--certificate-oidc-issuer-regexp", ".*"];
      const without = ["--insecure-ignore-tlog=true", "--insecure-ignore-sct=true"];
      return [...toAuthorities(anchor, isOld(about), write), ...who, ...without];
    }
  }
}
