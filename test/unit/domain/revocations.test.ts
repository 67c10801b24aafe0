// What falls with a revocation: digests, releases by name, signers by what they would take. Worked by hand.
import { describe, expect, test } from "vitest";
import { ModelRelease, type VerifiedSignature } from "../../../src/api/model-release.ts";
import { ClusterRevocation, Revocation } from "../../../src/api/revocation.ts";
import type { Signer } from "../../../src/api/signer.ts";
import type { WarrantSpec } from "../../../src/api/warrant.ts";
import type { NamespaceFacts } from "../../../src/domain/facts.ts";
import { gatherRevoked, listRevokedReleases, resolveRevokedRelease } from "../../../src/domain/revocations.ts";
import { findUntold, isTakenBy } from "../../../src/domain/revoked-signers.ts";
import type { ResolvedSigner } from "../../../src/domain/signers.ts";
import { make, MODEL, MODEL6, SERVER, toBareFacts, toReleaseSpec, valid } from "./voice.ts";

const d = (text: string) => `sha256:${text.repeat(64)}`;
const toRelease = (name: string, model: string, more: object[] = []) => {
  const spec = toReleaseSpec(model);
  return make<ModelRelease>(ModelRelease, name, { ...spec, artifacts: [...spec.artifacts, ...more] });
};
const revoke = (name: string, spec: object, digests?: string[]) =>
  make<Revocation>(
    Revocation,
    name,
    { reason: "it lies", ...spec },
    digests === undefined ? {} : { status: { digests } },
  );

describe("the digests of a revoked release", () => {
  const v5 = toRelease("v5", MODEL);
  const v6 = toRelease("v6", MODEL6);
  const granted = (digest: string, release: string): WarrantSpec =>
    ({
      images: { [digest]: { grants: [{ system: "gate", release, artifact: "x", notAfter: "2027-01-01T00:00:00Z" }] } },
    }) as unknown as WarrantSpec;
  const resolve = (
    releases: ModelRelease[],
    {
      remembered,
      warrants = [],
      names = ["v5"],
    }: { remembered?: string[]; warrants?: WarrantSpec[]; names?: string[] } = {},
  ) => resolveRevokedRelease(revoke("r", { release: "v5" }, remembered), releases, new Set(names), warrants);

  test("are all of its own, where no other release lists them", () => {
    expect(resolve([v5])).toEqual([MODEL, SERVER]);
  });
  test("are without the images that another release lists, which is not revoked itself", () => {
    expect(resolve([v5, v6])).toEqual([MODEL]);
    expect(resolve([v5, v6], { names: ["v5", "v6"] })).toEqual([MODEL, SERVER]);
  });
  test("are its models, whoever lists them too", () => {
    expect(resolve([v5, toRelease("copy", MODEL)])).toEqual([MODEL]);
  });
  test("stay what it was seen with before", () => {
    expect(resolve([], { remembered: [MODEL6] })).toEqual([MODEL6]);
    expect(resolve([v5, v6], { remembered: [SERVER] })).toEqual([MODEL, SERVER]);
  });
  test("are those that a Warrant granted it, and not those of others", () => {
    expect(resolve([], { warrants: [granted(d("d"), "v5"), granted(d("e"), "v6")] })).toEqual([d("d")]);
    expect(resolve([v6], { warrants: [granted(SERVER, "v5"), granted(MODEL, "v5")] })).toEqual([MODEL]);
    expect(
      resolve([], { warrants: [{ images: { [MODEL]: {} } } as unknown as WarrantSpec, {} as WarrantSpec] }),
    ).toEqual([]);
  });
  test("are 256 at most", () => {
    const many = Array.from({ length: 300 }, (_, at) => `sha256:${at.toString(16).padStart(64, "0")}`);
    const named = revoke("r", { release: "v5" }, many.slice(44));
    const warrants = many.slice(0, 44).map((digest) => granted(digest, "v5"));
    expect(resolveRevokedRelease(named, [], new Set(["v5"]), warrants)).toEqual(many.slice(0, 256));
  });
  test("are none where it revokes no release", () => {
    expect(resolveRevokedRelease(revoke("r", { digests: [MODEL] }, [MODEL6]), [v5], new Set(), [])).toEqual([]);
    expect(listRevokedReleases([revoke("r", { digests: [MODEL] }), revoke("s", { release: "v5" })])).toEqual(
      new Set(["v5"]),
    );
  });
});

describe("what is revoked in a namespace", () => {
  const gather = (facts: Partial<NamespaceFacts>) => gatherRevoked(toBareFacts({ releases: [], ...facts }));
  const everywhere = (name: string, spec: object) =>
    valid(make<ClusterRevocation>(ClusterRevocation, name, { reason: "it leaked", ...spec }));
  const codes = (map: ReadonlyMap<string, { code: string }>) => [...map].map(([key, { code }]) => `${key} ${code}`);

  test("is nothing where nothing is", () => {
    expect(gather({})).toEqual({ digests: new Map(), releases: new Map(), signers: new Map(), unread: [] });
  });

  test("are digests of the namespace and of the cluster, with the first reason", () => {
    const { digests, releases } = gather({
      revocations: [valid(revoke("r", { digests: [MODEL] }))],
      clusterRevocations: [everywhere("c", { digests: [MODEL, MODEL6] })],
    });
    expect(codes(digests)).toEqual([`${MODEL} DigestRevoked`, `${MODEL6} DigestRevoked`]);
    expect([...releases.keys()]).toEqual([]);
    expect(digests.get(MODEL)?.text).toContain("it lies");
    expect(digests.get(MODEL6)?.text).toContain("it leaked");
  });

  test("are releases by name, and their digests with them", () => {
    const { digests, releases } = gather({
      releases: [valid(toRelease("v5", MODEL))],
      revocations: [valid(revoke("r", { release: "v5" })), valid(revoke("s", { release: "gone" }))],
    });
    expect(codes(releases)).toEqual(["v5 ReleaseRevoked", "gone ReleaseRevoked"]);
    expect(codes(digests)).toEqual([`${MODEL} DigestRevoked`, `${SERVER} DigestRevoked`]);
    expect(digests.get(MODEL)?.text).toContain("with release v5: it lies");
  });

  test("are signers of the cluster", () => {
    const { signers } = gather({
      clusterRevocations: [everywhere("c", { signer: "ml" }), everywhere("e", { digests: [MODEL] })],
    });
    expect(signers).toEqual(new Map([["ml", "it leaked"]]));
  });

  test.each(["revocations", "clusterRevocations", "stops"] as const)("is not known where %s cannot be read", (kind) => {
    const metadata = { name: "r", namespace: "voice", uid: "u" } as never;
    const { unread } = gather({ [kind]: [{ outcome: "invalid", metadata, why: "no reason" }] });
    expect(unread).toMatchObject([{ code: "RevocationInvalid", text: expect.stringContaining("no reason") as string }]);
  });
});

describe("a revoked signer", () => {
  const ISSUER = "https://accounts.acme.example";
  const signature = (more: Partial<VerifiedSignature> = {}): VerifiedSignature => ({
    signer: "other",
    signerDigest: d("9"),
    keyDigest: d("8"),
    over: "artifact",
    form: "cosign-bundle",
    ...more,
  });
  const gone: ResolvedSigner = { outcome: "broken", finding: { code: "TrustRootMissing", text: "gone" } };
  const key: Signer = { name: "k", publicKey: { pem: "x" } };
  const byKey: ResolvedSigner = {
    outcome: "usable",
    anchor: { by: "key", pem: "x", keyDigest: d("3") },
    digest: d("3"),
  };
  const keyless: Signer = { name: "s", sigstore: { issuer: ISSUER, identity: { exact: "ml@acme.example" } } };
  const roots = { configMap: "c", key: "k", sha256: "0" };
  const certified: Signer = { name: "x", x509: { roots, identity: { exact: "ml@acme.example" } } };
  const anybody: Signer = { name: "x", x509: { roots } };
  const usable: ResolvedSigner = {
    outcome: "usable",
    anchor: { by: "x509", roots: "", crls: undefined, timestampAuthorities: undefined, identity: undefined },
    digest: d("4"),
  };
  const ML = { identity: "ml@acme.example", issuer: ISSUER };

  test("takes what it was found to take", () => {
    for (const definition of [key, keyless, certified, anybody])
      expect(isTakenBy({ definition, resolved: usable }, signature({ signerDigest: d("4") }))).toBe(true);
  });

  test("takes what its key signed, under whichever signer", () => {
    expect(isTakenBy({ definition: key, resolved: byKey }, signature({ keyDigest: d("3") }))).toBe(true);
    expect(isTakenBy({ definition: key, resolved: byKey }, signature())).toBe(false);
    expect(isTakenBy({ definition: key, resolved: usable }, signature({ keyDigest: d("3") }))).toBe(false);
    expect(isTakenBy({ definition: key, resolved: gone }, signature({ keyDigest: d("3") }))).toBe(false);
    expect(isTakenBy({ definition: key, resolved: undefined }, signature({ keyDigest: d("3") }))).toBe(false);
  });

  test.each([usable, gone, undefined])("takes its names, resolved or not", (resolved) => {
    expect(isTakenBy({ definition: keyless, resolved }, signature(ML))).toBe(true);
    expect(isTakenBy({ definition: keyless, resolved }, signature({ ...ML, identity: "eve@acme.example" }))).toBe(
      false,
    );
    expect(isTakenBy({ definition: keyless, resolved }, signature({ ...ML, issuer: "https://other.example" }))).toBe(
      false,
    );
    expect(isTakenBy({ definition: keyless, resolved }, signature())).toBe(false);
    expect(isTakenBy({ definition: certified, resolved }, signature({ ...ML, issuer: "CN=Acme" }))).toBe(true);
    expect(isTakenBy({ definition: certified, resolved }, signature({ identity: "eve@acme.example" }))).toBe(false);
    expect(isTakenBy({ definition: certified, resolved }, signature())).toBe(false);
    expect(isTakenBy({ definition: anybody, resolved }, signature(ML))).toBe(false);
  });

  test("cannot be told where it is broken and no name of it stands in the policy", () => {
    const why = { code: "TrustRootMissing", text: "gone" };
    expect(findUntold({ definition: key, resolved: gone })).toEqual(why);
    expect(findUntold({ definition: anybody, resolved: gone })).toEqual(why);
    expect(findUntold({ definition: certified, resolved: gone })).toBeUndefined();
    expect(findUntold({ definition: keyless, resolved: gone })).toBeUndefined();
    for (const resolved of [byKey, undefined]) expect(findUntold({ definition: key, resolved })).toBeUndefined();
  });
});
