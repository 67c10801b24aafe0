// Compares `verify-model` and `sign-model` with the reference implementation: what either signs, both verify, and both say
// what they think of it. Exit status 1 where something is accepted here that the reference implementation refuses.
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signModel } from "../../src/adapters/model-signing/sign-model.ts";
import type { ModelTrust, ModelVerdict } from "../../src/adapters/model-signing/verify-model.ts";
import { parseTrustedRoot } from "../../src/adapters/sigstore/trusted-root.ts";
import {
  judgeModel,
  type ModelStatement,
  signWithKey,
  toResources,
  toStatement,
  writeModel,
} from "../harness/models.ts";
import { CHANGES, type Change, type Files, FORGERIES, PLAIN, type Shape, SHAPES } from "./cases.ts";
import { type Answer, startReference, type SignRequest } from "./reference.ts";
import { createReport } from "./report.ts";
import { CURVES, type Curve, makeSigners } from "./signers.ts";
import { SIGSTORE_CASES, toTrustConfig } from "./sigstore.ts";

/** A model with its signature, and how it is signed. */
interface Signed {
  model: string;
  signature: string;
  method: "key" | "certificate";
  curve: Curve;
}

const work = mkdtempSync(join(tmpdir(), "interop-"));
const at = (name: string) => join(work, name);
makeSigners(work);
const reference = startReference();
const report = createReport();

const toAnswer = (verdict: ModelVerdict): Answer =>
  verdict.verdict === "verified" ? { ok: true, why: "" } : { ok: false, why: `${verdict.code}: ${verdict.why}` };

async function verifyOurs({ model, signature, method, curve }: Signed, toleratesUnsigned: boolean): Promise<Answer> {
  const trust: ModelTrust =
    method === "key"
      ? { method, key: createPublicKey(readFileSync(at(`${curve}.pub`))) }
      : { method, certificates: [readFileSync(at("root.pem"))], now: Date.now() };
  return toAnswer(await judgeModel({ model, signature: readFileSync(signature), trust, toleratesUnsigned }));
}

async function compare(what: string, signed: Signed, ignoreUnsigned = false): Promise<void> {
  const { model, signature, method, curve } = signed;
  const chain = method === "key" ? [] : [at("root.pem")];
  const theirs = await reference.verify({
    model,
    signature,
    publicKey: at(`${curve}.pub`),
    chain,
    named: undefined,
    ignoreUnsigned,
  });
  report.add(what, theirs, await verifyOurs(signed, ignoreUnsigned));
}

async function signOurs({ ignored = [] }: Shape, { model, signature, method, curve }: Signed): Promise<Answer> {
  const files = method === "key" ? [] : [curve, "between"];
  const chain = files.map((name) => new X509Certificate(readFileSync(at(`${name}.pem`))).raw);
  const key = createPrivateKey(readFileSync(at(`${curve}.key`)));
  try {
    writeFileSync(signature, (await signModel({ model, key, chain, ignored }, () => {})).text);
    return { ok: true, why: "" };
  } catch (error) {
    return { ok: false, why: String(error) };
  }
}

const signTheirs = (shape: Shape, { model, signature, method, curve }: Signed, form: Partial<SignRequest> = {}) =>
  reference.sign({
    model,
    signature,
    privateKey: at(`${curve}.key`),
    chain: method === "key" ? [] : [at(`${curve}.pem`), at("between.pem")],
    hash: "sha256",
    shardSize: 0,
    ignored: shape.ignored ?? [],
    ignoreGit: shape.ignoreGit ?? true,
    allowSymlinks: shape.allowSymlinks ?? false,
    ...form,
  });

/** Makes a model, lets `act` do with it what it will, and clears it away. */
async function withModel({ files, prepare, single }: Shape, act: (model: string) => Promise<void>): Promise<void> {
  const folder = await writeModel(files);
  prepare?.(folder);
  await act(single === undefined ? folder : join(folder, single));
  rmSync(folder, { recursive: true });
}

/** Has both sign a model, and both verify what either signed. */
const bothWays = (shape: Shape, method: Signed["method"], curve: Curve) =>
  withModel(shape, async (model) => {
    for (const where of ["there", "here"]) {
      const signed = { model, signature: at(`${where}.sig`), method, curve };
      const what = `${shape.what}, ${method} on ${curve}, signed ${where}`;
      const answer = await (where === "there" ? signTheirs(shape, signed) : signOurs(shape, signed));
      if (answer.ok) await compare(what, signed);
      else report.skip(what, `not signed: ${answer.why}`);
    }
  });

const byKey = (model: string, signature: string): Signed => ({ model, signature, method: "key", curve: "prime256v1" });
const readKey = () => createPrivateKey(readFileSync(at("prime256v1.key")));

/** What only the reference implementation signs: other hashes, and shards. */
async function compareForms(): Promise<void> {
  for (const hash of ["sha256", "blake2", "blake3"] as const) {
    for (const shardSize of [0, 4, 1_000_000_000]) {
      for (const shape of SHAPES.slice(0, 3)) {
        await withModel(shape, async (model) => {
          const signed = byKey(model, at("form.sig"));
          const what = `${shape.what}, ${hash}, ${shardSize === 0 ? "files" : `shards of ${shardSize}`}`;
          const answer = await signTheirs(shape, signed, { hash, shardSize });
          if (answer.ok) await compare(what, signed);
          else report.skip(what, `not signed: ${answer.why}`);
        });
      }
    }
  }
}

/** A list of shards whose size is a whole number, which it can read. */
function toShards(files: Files, size: number): ModelStatement {
  const parts = Object.entries(files).flatMap(([name, text]) =>
    Array.from({ length: Math.ceil(text.length / size) }, (_, index): [string, string] => {
      const [start, end] = [index * size, Math.min(text.length, (index + 1) * size)];
      return [`${name}:${start}:${end}`, text.slice(start, end)];
    }),
  );
  return toStatement(
    toResources(Object.fromEntries(parts)).map((one) => ({ ...one, algorithm: `sha256-sharded-${size}` })),
    { method: "shards", hash_type: "sha256", allow_symlinks: false, shard_size: size },
  );
}

const NO_CHANGE: Change = { what: "no change", act: () => {} };

const compareChanges = () =>
  withModel({ what: "", files: PLAIN }, async (model) => {
    const statements = { files: toStatement(toResources(PLAIN)), shards: toShards(PLAIN, 4) };
    for (const [form, statement] of Object.entries(statements)) {
      writeFileSync(at("changed.sig"), signWithKey(statement, readKey()));
      for (const { what, act, ignoreUnsigned } of [NO_CHANGE, ...CHANGES]) {
        const copy = at("copy");
        cpSync(model, copy, { recursive: true });
        act(copy);
        await compare(`${form} with ${what}`, byKey(copy, at("changed.sig")), ignoreUnsigned);
        rmSync(copy, { recursive: true });
      }
    }
  });

const compareForgeries = () =>
  withModel({ what: "", files: PLAIN }, async (folder) => {
    // A name that leads out finds something there.
    const model = join(folder, "model");
    cpSync(folder, at("model"), { recursive: true });
    mkdirSync(model);
    cpSync(at("model"), model, { recursive: true });
    for (const { what, change, ignoreUnsigned } of FORGERIES) {
      const statement = toStatement(toResources(PLAIN));
      change(statement);
      writeFileSync(at("forged.sig"), signWithKey(statement, readKey()));
      await compare(`a statement with ${what}`, byKey(model, at("forged.sig")), ignoreUnsigned);
    }
  });

const compareSigstore = () =>
  withModel({ what: "", files: PLAIN }, async (model) => {
    for (const { what, make, who } of SIGSTORE_CASES) {
      const { trustedRoot, bundle } = await make(toStatement(toResources(PLAIN)));
      writeFileSync(at("trust.json"), toTrustConfig(trustedRoot));
      writeFileSync(at("named.sig"), bundle);
      const named = { ...who, trustConfig: at("trust.json") };
      const request = { model, signature: at("named.sig"), publicKey: "", chain: [], named, ignoreUnsigned: false };
      const trust: ModelTrust = { method: "sigstore", root: parseTrustedRoot(trustedRoot), ...who };
      const verdict = await judgeModel({ model, signature: Buffer.from(bundle), trust });
      report.add(`by a name, ${what}`, await reference.verify(request), toAnswer(verdict));
    }
  });

for (const curve of CURVES) {
  for (const method of ["key", "certificate"] as const) await bothWays({ what: "files", files: PLAIN }, method, curve);
}
for (const shape of SHAPES) await bothWays(shape, "key", "prime256v1");
await compareForms();
await compareChanges();
await compareForgeries();
await compareSigstore();
reference.stop();
rmSync(work, { recursive: true });
process.exitCode = report.finish() ? 0 : 1;
