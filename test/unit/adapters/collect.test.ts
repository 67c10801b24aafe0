// What becomes of everything that lies beside an artifact: what is read of it, what is believed, and that nothing that is
// wrong is left out. The registry is in memory, and judges say what the test has them say.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { RegistryError } from "../../../src/adapters/registry/errors.ts";
import type { Content, Descriptor, Manifest, Registry } from "../../../src/adapters/registry/registry.ts";
import { collectSignatures } from "../../../src/adapters/signatures/collect.ts";
import { findCandidates } from "../../../src/adapters/signatures/find-candidates.ts";
import type { JudgedCandidate } from "../../../src/adapters/signatures/judge-candidates.ts";
import { findMisfit } from "../../../src/adapters/signatures/match-model.ts";
import { ThreadError } from "../../../src/adapters/thread-error.ts";

const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const OMS = "application/vnd.openssf.model-signing.signature.v1+json";
const SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json";
const DSSE = "application/vnd.dsse.envelope.v1+json";
const IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json";

const describeText = (text: string, mediaType: string, more: object = {}): Descriptor => ({
  mediaType,
  digest: digestOf(text),
  size: text.length,
  ...more,
});
const REF = { host: "registry.example", repository: "m", digest: digestOf("subject") };
const SUBJECT = describeText("subject", "application/vnd.oci.image.manifest.v1+json");

const manifest = (digest: string, more: Partial<Manifest> = {}): Content => ({
  type: "manifest",
  digest,
  bytes: Buffer.alloc(0),
  manifest: { config: describeText(`config of ${digest}`, IMAGE_CONFIG), layers: [], ...more },
});
const index = (digest: string, manifests: Descriptor[]): Content => ({
  type: "index",
  digest,
  bytes: Buffer.alloc(0),
  index: { manifests },
});

interface Held {
  contents?: Content[];
  referrers?: Descriptor[];
  tags?: Record<string, Content>;
  blobs?: Record<string, Buffer>;
}

function holding({ contents = [], referrers = [], tags = {}, blobs = {} }: Held): Registry {
  const find = (digest: string) => [manifest(REF.digest), ...contents].findLast((one) => one.digest === digest);
  return {
    readByDigest: async ({ digest }) => {
      const found = find(digest);
      if (found === undefined) throw new RegistryError("NotFound", `${digest} is not there`);
      return found;
    },
    readTag: async (_, tag) => tags[tag],
    readBlob: async (_, { digest }) => blobs[digest] ?? Buffer.from(`blob ${digest}`),
    streamBlob: () => {
      throw new RegistryError("NotFound", "nothing is streamed");
    },
    listReferrers: async () => referrers,
  };
}

const TAG = REF.digest.replace(":", "-");
const toCandidate = (digest: string) => ({ form: "bundle", bundle: Buffer.from(`blob ${digest}`) });

describe("what is looked for beside an artifact", () => {
  /** A referrer with one layer of this type. */
  const refer = (name: string, artifactType: string | undefined, layers: Descriptor[], subject = SUBJECT) => ({
    content: manifest(digestOf(name), { layers, subject }),
    listed: describeText(name, SUBJECT.mediaType, artifactType === undefined ? {} : { artifactType }),
  });
  const find = (...referrers: ReturnType<typeof refer>[]) =>
    findCandidates(
      holding({ contents: referrers.map(({ content }) => content), referrers: referrers.map(({ listed }) => listed) }),
      REF,
    );
  const layer = (mediaType: string) => describeText("layer", mediaType);

  test.each([BUNDLE, OMS, "application/vnd.oci.empty.v1+json", "application/vnd.in-toto+json", undefined])(
    "a referrer of type %s is read",
    async (type) => {
      for (const mediaType of [BUNDLE, OMS, "application/vnd.dev.sigstore.bundle+json;version=0.2"]) {
        expect(await find(refer("a", type, [layer(mediaType)]))).toEqual({
          candidates: [toCandidate(digestOf("layer"))],
          broken: [],
        });
      }
    },
  );

  test.each(["application/spdx+json", "application/vnd.dev.sigstore.bundles", `x${BUNDLE}`, ""])(
    "a referrer of type %j is not",
    async (type) => {
      expect(await find(refer("a", type, [layer(BUNDLE)]))).toEqual({ candidates: [], broken: [] });
      expect(await find(refer("a", BUNDLE, [layer(type)])), "as the type of a layer").toEqual({
        candidates: [],
        broken: [],
      });
    },
  );

  test("a referrer with no layer or two, or that is an index, holds no bundle", async () => {
    expect(await find(refer("a", BUNDLE, []), refer("b", BUNDLE, [layer(BUNDLE), layer(BUNDLE)]))).toEqual({
      candidates: [],
      broken: [],
    });
    const listed = describeText("c", SUBJECT.mediaType, { artifactType: BUNDLE });
    expect(await findCandidates(holding({ contents: [index(listed.digest, [])], referrers: [listed] }), REF)).toEqual({
      candidates: [],
      broken: [],
    });
  });

  test("a referrer with another subject or none is broken", async () => {
    const why = "a referrer names another artifact as its subject";
    expect(await find(refer("a", BUNDLE, [layer(BUNDLE)], describeText("other", SUBJECT.mediaType)))).toEqual({
      candidates: [],
      broken: [why],
    });
    const { content, listed } = refer("a", BUNDLE, [layer(BUNDLE)]);
    if (content.type === "manifest") delete content.manifest.subject;
    expect(await findCandidates(holding({ contents: [content], referrers: [listed] }), REF)).toEqual({
      candidates: [],
      broken: [why],
    });
  });

  const signature = { annotations: { "dev.cosignproject.cosign/signature": "AAAA" } };
  const tagged = (suffix: string, layers: Descriptor[]) =>
    holding({ tags: { [`${TAG}.${suffix}`]: manifest(digestOf(suffix), { layers }) } });

  test("layers of the type that goes with the tag are read, with their annotations", async () => {
    const [sig, att] = [describeText("a", SIMPLE, signature), describeText("a", DSSE, signature)];
    expect(await findCandidates(tagged("sig", [sig, att]), REF)).toMatchObject({
      candidates: [{ form: "legacy", payload: Buffer.from(`blob ${digestOf("a")}`) }],
      broken: [],
    });
    const blobs = { [digestOf("a")]: Buffer.from("{}") };
    const found = await findCandidates({ ...tagged("att", [sig, att]), readBlob: holding({ blobs }).readBlob }, REF);
    expect(found.candidates).toHaveLength(1);
    expect(found.candidates[0]).not.toHaveProperty("payload");
    expect(await findCandidates(tagged("sig", [describeText("a", SIMPLE)]), REF)).toEqual({
      candidates: [],
      broken: ["a legacy cosign signature beside it has no signature"],
    });
  });

  test.each(["sig", "att"])("a .%s tag that is an index is broken", async (suffix) => {
    expect(await findCandidates(holding({ tags: { [`${TAG}.${suffix}`]: index(digestOf("i"), []) } }), REF)).toEqual({
      candidates: [],
      broken: [`its .${suffix} tag is no manifest`],
    });
  });

  test("64 of a kind are read, and one more is too many", async () => {
    const refers = (count: number) =>
      Array.from({ length: count }, (_, at) => refer(`referrer ${at}`, BUNDLE, [layer(BUNDLE)]));
    const layers = (count: number) =>
      Array.from({ length: count }, (_, at) => describeText(`${at}`, SIMPLE, signature));
    const tooMany = expect.objectContaining({
      code: "TooLarge",
      message: expect.stringContaining("64") as string,
    }) as Error;
    expect((await find(...refers(64))).candidates).toHaveLength(64);
    await expect(find(...refers(65))).rejects.toThrow(tooMany);
    expect((await findCandidates(tagged("sig", layers(64)), REF)).candidates).toHaveLength(64);
    await expect(findCandidates(tagged("sig", layers(65)), REF)).rejects.toThrow(tooMany);
    // What can be no bundle does not count.
    const others = Array.from({ length: 65 }, (_, at) => refer(`other ${at}`, "application/spdx+json", []));
    expect((await find(...others, ...refers(1))).candidates).toHaveLength(1);
  });

  test("16 MiB of bundles are read, and a byte more is too many", async () => {
    const half = 8 * 1024 * 1024;
    const ask = (bytes: number) => {
      const sizes = [half, bytes];
      const refers = sizes.map((_, at) => refer(`r${at}`, BUNDLE, [describeText(`l${at}`, BUNDLE)]));
      const blobs = Object.fromEntries(sizes.map((size, at) => [digestOf(`l${at}`), Buffer.alloc(size)]));
      return findCandidates(
        holding({
          contents: refers.map(({ content }) => content),
          referrers: refers.map(({ listed }) => listed),
          blobs,
        }),
        REF,
      );
    };
    expect((await ask(half)).candidates).toHaveLength(2);
    await expect(ask(half + 1)).rejects.toThrow(
      expect.objectContaining({ code: "TooLarge", message: expect.stringContaining("16 MiB") as string }) as Error,
    );
  });
});

const MODEL = { format: undefined, path: undefined, readsFormats: false };
const collect = (held: Held, judged: JudgedCandidate[] | Error = [], format?: "Image") =>
  collectSignatures(REF, {
    registry: holding(held),
    judge: async () => {
      if (judged instanceof Error) throw judged;
      return judged;
    },
    signers: [],
    model: { ...MODEL, format },
    now: 0,
  });
const CLOSURE = [REF.digest, digestOf(`config of ${REF.digest}`)].toSorted();

describe("what becomes of a signature", () => {
  const by = (signer: string) => ({ signer, signerDigest: digestOf(signer), keyDigest: digestOf(`key of ${signer}`) });
  const believed = (over: "artifact", form: "bundle" | "legacy", ...signers: string[]): JudgedCandidate => ({
    outcome: "believed",
    form,
    over: { over },
    by: signers.map(by),
  });

  test("nothing beside it is nothing known", async () => {
    expect(await collect({})).toEqual({ closure: CLOSURE, signatures: [], model: undefined, problems: [] });
  });

  test("each that is believed is one, and each once", async () => {
    const judged = [believed("artifact", "bundle", "a", "b"), believed("artifact", "legacy", "a")];
    expect((await collect({}, [...judged, ...judged])).signatures).toEqual([
      { ...by("a"), over: "artifact", form: "cosign-bundle" },
      { ...by("b"), over: "artifact", form: "cosign-bundle" },
      { ...by("a"), over: "artifact", form: "cosign-legacy" },
    ]);
  });

  test("64 different ones are kept, and one more is a registry that says too much", async () => {
    const many = (count: number) => [
      believed("artifact", "bundle", ...Array.from({ length: count }, (_, at) => `${at}`)),
    ];
    expect((await collect({}, many(64))).signatures).toHaveLength(64);
    expect(await collect({}, many(65))).toMatchObject({ signatures: [], problems: [{ code: "RegistryFailed" }] });
  });

  test("what is not believed is a problem, but for attestations by somebody unknown", async () => {
    const not = (over: "artifact" | "attestation" | "unknown", code: "SignerUnknown" | "SignatureInvalid") =>
      ({ outcome: "disbelieved", over, code, why: `${over} ${code}` }) as const;
    const judged = (["artifact", "attestation", "unknown"] as const).flatMap((over) => [
      not(over, "SignerUnknown"),
      not(over, "SignatureInvalid"),
    ]);
    expect(await collect({}, judged)).toEqual({
      closure: CLOSURE,
      signatures: [],
      model: undefined,
      problems: [
        { code: "SignerUnknown", why: "artifact SignerUnknown" },
        { code: "SignatureInvalid", why: "artifact SignatureInvalid" },
        { code: "SignatureInvalid", why: "attestation SignatureInvalid" },
        { code: "SignerUnknown", why: "unknown SignerUnknown" },
        { code: "SignatureInvalid", why: "unknown SignatureInvalid" },
      ],
    });
    const many = Array.from({ length: 20 }, () => not("artifact", "SignatureInvalid"));
    expect((await collect({}, many)).problems).toHaveLength(16);
  });

  test("an artifact that was read just now is not read again, and another one does not stand for it", async () => {
    const held = holding({});
    const own = await held.readByDigest(REF);
    const asked: string[] = [];
    const registry = {
      ...held,
      readByDigest: (ref: typeof REF) => {
        asked.push(ref.digest);
        return held.readByDigest(ref);
      },
    };
    const search = { registry, judge: async () => [], signers: [], model: MODEL, now: 0 };
    const closures = [own, { ...own, digest: digestOf("another") }].map(async (seen) => {
      const { closure } = await collectSignatures(REF, { ...search, seen });
      return closure;
    });
    expect(await Promise.all(closures)).toEqual([CLOSURE, CLOSURE]);
    expect(asked, "once, for the one that is another").toEqual([REF.digest]);
  });

  test("what the artifact itself lacks is told first, whichever answer comes first", async () => {
    const late = (code: "Unauthorized" | "Failed", ms: number) => async () => {
      await sleep(ms);
      throw new RegistryError(code, code);
    };
    const ask = async (ofArtifact: number, beside: number) => {
      const registry = {
        ...holding({}),
        readByDigest: late("Unauthorized", ofArtifact),
        listReferrers: late("Failed", beside),
      };
      const search = { registry, judge: async () => [], signers: [], model: MODEL, now: 0 };
      return (await collectSignatures(REF, search)).problems.map(({ fault }) => fault);
    };
    expect(await ask(10, 0)).toEqual(["Unauthorized"]);
    expect(await ask(0, 10)).toEqual(["Unauthorized"]);
    const failing = { ...holding({}), listReferrers: late("Failed", 0) };
    const search = { registry: failing, judge: async () => [], signers: [], now: 0 };
    const packed = { ...search, model: { ...MODEL, format: "ModelKit" as const } };
    expect((await collectSignatures(REF, packed)).problems.map(({ code }) => code)).toEqual(["ModelMismatch"]);
    expect((await collectSignatures(REF, { ...search, model: MODEL })).problems.map(({ fault }) => fault)).toEqual([
      "Failed",
    ]);
  });

  test("what fails is told as what it is, and a fault of ours is no answer at all", async () => {
    const only = (problem: object) => ({ closure: [], signatures: [], model: undefined, problems: [problem] });
    expect(await collect({}, new ThreadError("too slow"))).toEqual(
      only({ code: "VerificationFailed", why: "too slow" }),
    );
    expect(await collect({}, new RegistryError("TimedOut", "slow"))).toEqual(
      only({ code: "RegistryFailed", why: "slow", fault: "TimedOut" }),
    );
    await expect(collect({}, new TypeError("a fault"))).rejects.toThrow("a fault");
  });
});

describe("an index", () => {
  const children = (count: number) => Array.from({ length: count }, (_, at) => `child ${at}`);
  const asIndex = (names: string[], beneath: Content[] = []) => ({
    contents: [
      index(
        REF.digest,
        names.map((name) => describeText(name, SUBJECT.mediaType)),
      ),
      ...names.map((name) => manifest(digestOf(name))),
      ...beneath,
    ],
  });

  test("stands for itself, what it lists and their configs", async () => {
    const names = children(2);
    const beneath = index(digestOf("child 1"), []);
    expect((await collect(asIndex(names, [beneath]))).closure).toEqual(
      [
        REF.digest,
        digestOf("child 0"),
        digestOf(`config of ${digestOf("child 0")}`),
        // It is an index itself, which has no config.
        digestOf("child 1"),
      ].toSorted(),
    );
  });

  test("lists 64 manifests, and with one more is a registry that says too much", async () => {
    expect((await collect(asIndex(children(64)))).closure).toHaveLength(1 + 2 * 64);
    expect(await collect(asIndex(children(65)))).toMatchObject({
      closure: [],
      problems: [{ code: "RegistryFailed", why: expect.stringContaining("64 manifests") as string }],
    });
  });

  test("whose manifests are not there is a registry that fails", async () => {
    const { contents } = asIndex(children(2));
    expect(await collect({ contents: contents.slice(0, 2) })).toMatchObject({ problems: [{ code: "RegistryFailed" }] });
  });
});

describe("an artifact that is declared to be", () => {
  const of = (mediaType: string) => manifest(REF.digest, { config: describeText("config", mediaType) });
  const IS: [string, Content][] = [
    ["an index", index(REF.digest, [])],
    ["an image", of(IMAGE_CONFIG)],
    ["a ModelPack", of("application/vnd.cncf.model.config.v1+json")],
    ["a ModelKit", of("application/vnd.kitops.modelkit.config.v1+json")],
    ["no model", of("application/octet-stream")],
  ];
  /** Rows are what it is declared to be, columns what it is. */
  const FITS = {
    Image: ["an index", "an image", "no model"],
    Modelcar: ["an image"],
    ModelPack: ["a ModelPack"],
    ModelKit: ["a ModelKit"],
  } as const;

  test.each(["Image", "Modelcar", "ModelPack", "ModelKit"] as const)("%s is one", (declared) => {
    for (const [is, content] of IS) {
      const fits = (FITS[declared] as readonly string[]).includes(is);
      expect(findMisfit(content, declared), is).toEqual(
        fits ? undefined : `it is ${is}, and is declared to be ${declared === "Image" ? "an" : "a"} ${declared}`,
      );
      expect(findMisfit(content, undefined), is).toBeUndefined();
    }
  });

  test("something else has no signature, and its closure all the same", async () => {
    const judged: JudgedCandidate[] = [
      { outcome: "believed", form: "bundle", over: { over: "artifact" }, by: [] },
      { outcome: "disbelieved", over: "unknown", code: "SignatureInvalid", why: "broken" },
    ];
    const config = describeText("config", "application/vnd.kitops.modelkit.config.v1+json");
    expect(await collect({ contents: [manifest(REF.digest, { config })] }, judged, "Image")).toEqual({
      closure: [REF.digest, digestOf("config")],
      signatures: [],
      model: undefined,
      problems: [{ code: "ModelMismatch", why: "it is a ModelKit, and is declared to be an Image" }],
    });
  });
});
