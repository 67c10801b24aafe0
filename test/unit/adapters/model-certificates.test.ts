// Which certificates may sign models. The certificates were made by openssl, and `openssl verify` says the same of each path
// (but for usages and dates, which it was not asked for).
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findCertifiedSigner } from "../../../src/adapters/certificates/path.ts";

const FOLDER = fileURLToPath(new URL("../../vectors/model-signing/certificates/", import.meta.url));
const readAll = (names: readonly string[]) => Promise.all(names.map((name) => readFile(join(FOLDER, `${name}.pem`))));
const NOW = Date.parse("2030-01-01T00:00:00Z");

test.each<[string, string[], string[]]>([
  ["one that a trusted root issued", ["direct"], ["root"]],
  ["one with what lies between in the signature", ["signer", "between"], ["root"]],
  ["one with what lies between given", ["signer"], ["root", "between"]],
  ["one among other roots", ["signer", "between"], ["stranger", "root"]],
  ["one for code alone", ["code-only", "between"], ["root"]],
  ["one whose root came along too", ["signer", "between", "root"], ["root"]],
])("%s may sign", async (_, chain, trusted) => {
  const { key } = await findCertifiedSigner(await readAll(chain), { certificates: await readAll(trusted), now: NOW });
  expect(key.asymmetricKeyType).toBe("ec");
});

test.each<[string, string[], string[], RegExp, number?]>([
  ["nobody is trusted", ["signer", "between"], [], /nobody is trusted/],
  ["only what lies between is given", ["signer"], ["between"], /nobody is trusted/],
  ["another root is trusted", ["signer", "between"], ["stranger"], /is not trusted/],
  ["the root comes with the signature alone", ["signer", "between", "root"], ["stranger"], /is not trusted/],
  ["what lies between is missing", ["signer"], ["root"], /is not trusted/],
  ["it is for TLS", ["tls", "between"], ["root"], /not for signing code/],
  ["it is that of an authority", ["authority", "between"], ["root"], /of an authority/],
  ["its issuer is no authority", ["by-signer", "signer", "between"], ["root"], /is not trusted/],
  ["the path is longer than an authority allows", ["too-deep", "below-last", "last"], ["root"], /is not trusted/],
  ["its name is outside of what its authority may name", ["outside", "narrow"], ["root"], /is not trusted/],
  ["it ran out", ["signer", "between"], ["root"], /is not trusted/, Date.parse("2060-01-01T00:00:00Z")],
  ["it has not begun", ["signer", "between"], ["root"], /is not trusted/, Date.parse("2020-01-01T00:00:00Z")],
  [
    "it comes twice, and another one is on the path",
    ["by-signer", "by-signer", "between"],
    ["root"],
    /not trusted|not that/,
  ],
  [
    "a stranger's comes twice beside an honest authority",
    ["of-loop", "of-loop", "between"],
    ["root"],
    /not trusted|not that/,
  ],
  ["it is for TLS servers that sign", ["tls-signing", "between"], ["root"], /not for signing code/],
  ["a critical extension is unknown", ["unknown", "between"], ["root"], /is not understood/],
  ["two authorities issued each other", ["of-loop", "loop-a", "loop-b"], ["root"], /is not trusted/],
  ["there is none", [], ["root"], /no certificate/],
])("where %s nobody may sign", async (...row) => {
  const [, chain, trusted, why, now = NOW] = row;
  await expect(
    findCertifiedSigner(await readAll(chain), { certificates: await readAll(trusted), now }),
  ).rejects.toThrow(why);
});

const USAGES = fileURLToPath(new URL("../../vectors/model-signing/usages/", import.meta.url));
const judgeUsage = async (chain: readonly string[], trusted: readonly string[], now = NOW) => {
  const read = (names: readonly string[]) => Promise.all(names.map((name) => readFile(join(USAGES, `${name}.pem`))));
  return findCertifiedSigner(await read(chain), { certificates: await read(trusted), now });
};

// As the certificates are with which the projects of model signing publish test signatures.
test.each<[string, string[], string[]]>([
  ["named as its issuer, an authority that may issue nothing", ["named-alike", "between"], ["root"]],
  ["that issued itself and is trusted itself", ["alone"], ["alone"]],
  ["that issued itself, in a chain with itself", ["alone", "alone"], ["alone"]],
])("a certificate %s may sign", async (_, chain, trusted) => {
  expect((await judgeUsage(chain, trusted)).key.asymmetricKeyType).toBe("ec");
});

test.each<[string, string[], string[], RegExp, number?]>([
  ["is for no extended purpose", ["no-purpose", "between"], ["root"], /not for signing code/],
  ["issued itself, and is for no extended purpose", ["alone-no-purpose"], ["alone-no-purpose"], /not for signing code/],
  ["is that of an authority that may sign, too", ["signing-authority", "between"], ["root"], /of an authority/],
  ["is that of an authority for whatever it likes", ["any-usage", "between"], ["root"], /of an authority/],
  ["is that of the root", ["root"], ["root"], /of an authority/],
  ["issued itself, and another is trusted", ["alone"], ["root"], /is not trusted/],
  ["issued itself, and has run out", ["alone"], ["alone"], /it ran out at 20/, Date.parse("2060-01-01T00:00:00Z")],
  [
    "issued itself, and has not begun",
    ["alone"],
    ["alone"],
    /it does not begin before 20/,
    Date.parse("2020-01-01T00:00:00Z"),
  ],
])("one that %s may not", async (...row) => {
  const [, chain, trusted, why, now] = row;
  await expect(judgeUsage(chain, trusted, now)).rejects.toThrow(why);
});
