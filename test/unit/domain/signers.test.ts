// What a policy trusts signers by: found, pinned, parsed; and which names it takes.
import { createHash, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Signer } from "../../../src/api/signer.ts";
import { readPublicGoodRoot } from "../../../src/adapters/sigstore/public-good.ts";
import { findRootFault } from "../../../src/adapters/sigstore/trusted-root.ts";
import { takesName } from "../../../src/domain/identities.ts";
import { resolveSigner } from "../../../src/domain/signers.ts";

const readCertificate = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../vectors/model-signing/certificates/${name}.pem`, import.meta.url)), "utf8");
const ROOT = readPublicGoodRoot();
const CUT_OFF = ROOT.replace(/("rawBytes":\s*"MII[A-Za-z0-9+/]{40})[A-Za-z0-9+/]{100}/g, "$1");
const UNLOGGED = JSON.stringify({ ...(JSON.parse(ROOT) as object), ctlogs: [] });
const pin = (text: string) => ({
  configMap: "c",
  key: "k",
  sha256: createHash("sha256").update(text).digest("hex"),
});
const keyless = (over: object = {}): Signer => ({
  name: "s",
  sigstore: { issuer: "https://accounts.acme.example", identity: { exact: "ml@acme.example" }, ...over },
});
const resolve = (signer: Signer, value?: string) =>
  resolveSigner(signer, "standard", { readConfigMap: () => value, publicGoodRoot: ROOT, findRootFault });
const say = (signer: Signer, value?: string) => {
  const resolved = resolve(signer, value);
  return resolved.outcome === "usable" ? resolved.anchor.by : resolved.finding.code;
};

const ALONE = readFileSync(
  fileURLToPath(new URL("../../vectors/model-signing/usages/alone.pem", import.meta.url)),
  "utf8",
);

describe("what a signer is trusted by", () => {
  const root = readCertificate("root");
  test.each<[string, Signer, string | undefined, string]>([
    ["the public-good instance", keyless(), undefined, "sigstore"],
    ["a private instance", keyless({ trustedRoot: pin(ROOT) }), ROOT, "sigstore"],
    ["a private instance that is not there", keyless({ trustedRoot: pin(ROOT) }), undefined, "TrustRootMissing"],
    ["a private instance that was changed", keyless({ trustedRoot: pin(ROOT) }), `${ROOT} `, "TrustRootMismatch"],
    ["a private instance without authorities", keyless({ trustedRoot: pin("{}") }), "{}", "TrustRootMalformed"],
    ["a pattern that does not compile", keyless({ identity: { pattern: "(" } }), undefined, "TrustRootMalformed"],
    ["a pattern that RE2 does not have", keyless({ identity: { pattern: "(?=x)" } }), undefined, "TrustRootMalformed"],
    [
      "a private instance whose certificate is cut off",
      keyless({ trustedRoot: pin(CUT_OFF) }),
      CUT_OFF,
      "TrustRootMalformed",
    ],
    [
      "a private instance without a certificate log",
      keyless({ trustedRoot: pin(UNLOGGED) }),
      UNLOGGED,
      "TrustRootMalformed",
    ],
    ["no identity", keyless({ identity: {} }), undefined, "TrustRootMalformed"],
    ["two identities", keyless({ identity: { exact: "a", pattern: "a" } }), undefined, "TrustRootMalformed"],
    ["a root certificate", { name: "s", x509: { roots: pin(root) } }, root, "x509"],
    [
      "another certificate",
      { name: "s", x509: { roots: pin(root) } },
      readCertificate("stranger"),
      "TrustRootMismatch",
    ],
    [
      "a certificate that did not issue itself",
      { name: "s", x509: { roots: pin(readCertificate("between")) } },
      readCertificate("between"),
      "TrustRootMalformed",
    ],
    ["no certificate", { name: "s", x509: { roots: pin("hello") } }, "hello", "TrustRootMalformed"],
    [
      "certificates for revocation lists",
      { name: "s", x509: { roots: pin(root), crls: pin(root) } },
      root,
      "TrustRootMalformed",
    ],
    [
      "time-stamping authorities",
      { name: "s", x509: { roots: pin(root), timestampAuthorities: pin(root) } },
      root,
      "x509",
    ],
    [
      "time-stamping authorities that were changed",
      { name: "s", x509: { roots: pin(root), timestampAuthorities: pin(`${root} `) } },
      root,
      "TrustRootMismatch",
    ],
    ["a signer who vouches for himself", { name: "s", x509: { roots: pin(ALONE) } }, ALONE, "x509"],
    [
      "a root certificate beside what lies between",
      { name: "s", x509: { roots: pin(`${root}${readCertificate("between")}`) } },
      `${root}${readCertificate("between")}`,
      "x509",
    ],
    ["nothing", { name: "s" }, undefined, "TrustRootMalformed"],
    ["two things", { ...keyless(), publicKey: { pem: "x" } }, undefined, "TrustRootMalformed"],
  ])("%s", (_, signer, value, expected) => {
    expect(say(signer, value)).toBe(expected);
  });

  test("nobody stamps without a certificate that issued itself", () => {
    const between = readCertificate("between");
    const texts = { readConfigMap: (_: string, key: string) => (key === "between" ? between : root) };
    const named: Signer = {
      name: "s",
      x509: { roots: pin(root), timestampAuthorities: { ...pin(between), key: "between" } },
    };
    const resolved = resolveSigner(named, "standard", { ...texts, publicGoodRoot: ROOT, findRootFault });
    expect(resolved).toMatchObject({
      outcome: "broken",
      finding: {
        code: "TrustRootMalformed",
        text: expect.stringContaining("none of the timestamp authorities issued itself") as string,
      },
    });
  });

  test("its digest changes with all that it is trusted by, and with nothing else", () => {
    const digestOf = (signer: Signer, value?: string) => {
      const resolved = resolve(signer, value);
      return resolved.outcome === "usable" ? resolved.digest : resolved.finding.code;
    };
    const other = JSON.stringify(JSON.parse(ROOT));
    const different = [
      digestOf(keyless()),
      digestOf(keyless({ issuer: "https://other.example" })),
      digestOf(keyless({ identity: { exact: "other@acme.example" } })),
      digestOf(keyless({ identity: { pattern: "ml@acme.example" } })),
      digestOf(keyless({ trustedRoot: pin(other) }), other),
      digestOf({ name: "s", x509: { roots: pin(root) } }, root),
      digestOf({ name: "s", x509: { roots: pin(root), identity: { exact: "ml@acme.example" } } }, root),
      digestOf({ name: "s", x509: { roots: pin(root), timestampAuthorities: pin(root) } }, root),
    ];
    expect(new Set(different).size).toBe(different.length);
    for (const digest of different) expect(digest).toMatch(/^sha256:[a-f0-9]{64}$/);
    expect(digestOf({ ...keyless(), name: "another" })).toBe(digestOf(keyless()));
    expect(digestOf(keyless({ trustedRoot: pin(ROOT) }), ROOT), "wherever the root is kept").toBe(digestOf(keyless()));
  });
});

describe("a key", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const der = publicKey.export({ type: "spki", format: "der" });
  const keyDigest = `sha256:${createHash("sha256").update(der).digest("hex")}`;
  const found = { outcome: "usable", anchor: { by: "key", pem, keyDigest }, digest: keyDigest };

  test("is the same inline and pinned, and is known by its own digest", () => {
    expect(resolve({ name: "s", publicKey: { pem } })).toEqual(found);
    expect(resolve({ name: "s", publicKey: pin(pem) }, pem)).toEqual(found);
  });

  test("that is not there, was changed or is none cannot be used", () => {
    expect(say({ name: "s", publicKey: pin(pem) })).toBe("TrustRootMissing");
    expect(say({ name: "s", publicKey: pin(pem) }, `${pem} `)).toBe("TrustRootMismatch");
    expect(say({ name: "s", publicKey: pin("none") }, "none")).toBe("TrustRootMalformed");
    expect(say({ name: "s", publicKey: { pem: "none" } })).toBe("TrustRootMalformed");
  });

  test("beside something else that is trusted is neither", () => {
    expect(say({ ...keyless(), publicKey: { pem } })).toBe("TrustRootMalformed");
  });

  test("is asked for by the names that the policy gives", () => {
    const asked: string[] = [];
    const sources = {
      readConfigMap: (name: string, key: string) => {
        asked.push(`${name}/${key}`);
        return undefined;
      },
      publicGoodRoot: ROOT,
      findRootFault,
    };
    resolveSigner({ name: "s", publicKey: { configMap: "keys", key: "ml.pem", sha256: "0" } }, "standard", sources);
    resolveSigner({ name: "s", publicKey: {} }, "standard", sources);
    expect(asked).toEqual(["keys/ml.pem", "?/?"]);
  });
});

test("an authority is used with the revocation lists and names that stand beside it", () => {
  const root = readCertificate("root");
  const crl = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
  const of = (crls: string | undefined, identity?: { exact: string } | object) => {
    const texts: Record<string, string | undefined> = { roots: root, crls };
    const toPin = (key: string, text: string) => ({ ...pin(text), key });
    const signer: Signer = {
      name: "s",
      x509: { roots: toPin("roots", root), crls: toPin("crls", crl), ...(identity === undefined ? {} : { identity }) },
    };
    return resolveSigner(signer, "standard", {
      readConfigMap: (_, key) => texts[key],
      publicGoodRoot: ROOT,
      findRootFault,
    });
  };
  const identity = { exact: "ml@acme.example" };
  expect(of(crl, identity)).toMatchObject({
    outcome: "usable",
    anchor: { by: "x509", roots: root, crls: crl, identity },
  });
  expect(of(crl)).toMatchObject({ outcome: "usable", anchor: { by: "x509", crls: crl } });
  expect(of(undefined)).toMatchObject({ finding: { code: "TrustRootMissing" } });
  expect(of(`${crl} `)).toMatchObject({ finding: { code: "TrustRootMismatch" } });
  expect(of(crl, {})).toMatchObject({ finding: { code: "TrustRootMalformed" } });
});

test("an authority whose certificate does not parse cannot be used", () => {
  const garbled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  expect(say({ name: "s", x509: { roots: pin(garbled) } }, garbled)).toBe("TrustRootMalformed");
});

describe("names", () => {
  const workflow = "https://github.com/acme/voice/.github/workflows/release.yml@refs/tags/v1.2.3";
  const pattern = String.raw`https://github\.com/acme/voice/\.github/workflows/release\.yml@refs/tags/v[0-9.]+`;
  test.each<[string, Parameters<typeof takesName>[0], string, boolean]>([
    ["the same", { exact: "ml@acme.example" }, "ml@acme.example", true],
    ["a longer one", { exact: "ml@acme.example" }, "ml@acme.example.evil.example", false],
    ["one in front of it", { exact: "ml@acme.example" }, "evil-ml@acme.example", false],
    ["another case", { exact: "ml@acme.example" }, "ML@acme.example", false],
    ["none", { exact: "" }, "", false],
    ["a pattern that takes the whole", { pattern }, workflow, true],
    ["a pattern that takes the beginning", { pattern }, `${workflow}-evil`, false],
    ["a pattern that takes the end", { pattern }, `https://evil.example/?${workflow}`, false],
    ["a line before it", { pattern }, `evil\n${workflow}`, false],
    ["a line after it", { pattern }, `${workflow}\n`, false],
    ["an alternative, whole", { pattern: "a|b" }, "b", true],
    ["an alternative, in part", { pattern: "a|b" }, "bc", false],
    ["a dot in an exact name is no pattern", { exact: "a.c" }, "abc", false],
    ["a pattern for nothing takes no missing name", { pattern: ".*" }, "", false],
  ])("%s", (_, rule, name, expected) => {
    expect(takesName(rule, name)).toBe(expected);
  });

  test("a pattern that would take other engines for ever takes none here", () => {
    const began = process.cpuUsage().user;
    expect(takesName({ pattern: "(a+)+b" }, "a".repeat(2048))).toBe(false);
    // An engine that goes back would need more than the age of the universe.
    expect(process.cpuUsage().user - began, "microseconds").toBeLessThan(5_000_000);
  });
});
