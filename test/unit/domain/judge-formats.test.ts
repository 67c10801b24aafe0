// Which formats a tier lets a model's files have.
import { expect, test } from "vitest";
import type { Tier } from "../../../src/api/ai-policy.ts";
import type { ModelRelease } from "../../../src/api/model-release.ts";
import { findFormatFault } from "../../../src/domain/judge-formats.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const TRUST = `sha256:${"b".repeat(64)}`;
type Formats = string[] | "no model" | "no facts";

const judge = (allowed: string[] | undefined, formats: Formats, format = "ModelPack", trust = TRUST) => {
  const model = Array.isArray(formats) ? { model: { digest: "model:v1:sha256:0", formats } } : {};
  const artifacts = formats === "no facts" ? [] : [{ name: "model", digest: DIGEST, trust, signatures: [], ...model }];
  const release = {
    metadata: { name: "v5", namespace: "voice" },
    spec: { artifacts: [{ name: "model", image: `r.example/m@${DIGEST}`, format }] },
    status: { artifacts },
  } as unknown as ModelRelease;
  return findFormatFault(release, { formats: allowed } as unknown as Tier, { policy: "standard", trustDigest: TRUST });
};

test.each<[string, string[] | undefined, Formats, string | undefined, string?]>([
  ["anything where the tier says nothing", undefined, ["pickle"], undefined],
  ["what is allowed", ["onnx", "json"], ["json", "onnx"], undefined],
  ["less than what is allowed", ["onnx", "json"], ["onnx"], undefined],
  ["something else beside it", ["onnx", "json"], ["onnx", "pickle"], "FormatForbidden"],
  ["something that nobody knows", ["onnx"], ["onnx", "unknown"], "FormatForbidden"],
  ["files that were not read", ["onnx"], ["unread"], "VerificationPending"],
  ["files of which some were not read", ["onnx"], ["onnx", "unread"], "VerificationPending"],
  ["no model that anybody signed", ["onnx"], "no model", "SignatureMissing"],
  ["an artifact that was not looked at", ["onnx"], "no facts", "VerificationPending"],
  ["an image, which has no model", ["onnx"], "no model", undefined, "Image"],
])("%s", (...[, allowed, formats, expected, format]) => {
  expect(judge(allowed, formats, format)?.code).toBe(expected);
});

test("what was looked at for other demands is looked at again first", () => {
  expect(judge(["onnx"], "no model", "ModelPack", DIGEST)?.code).toBe("VerificationPending");
  expect(judge(["onnx"], ["pickle"], "ModelPack", DIGEST)?.code, "what is known stays known").toBe("FormatForbidden");
});

test("the artifact, the release and who has to sign are told", () => {
  expect(judge(["onnx"], ["unread"])?.text).toContain("artifact model of release v5 is not verified yet");
  expect(judge(["onnx"], "no model")?.text).toContain(
    "artifact model of release v5 lacks a valid signature by any signer of the policy over: model",
  );
  expect(judge(["onnx"], ["pickle"])?.text).toContain(
    "the model model of release v5 holds files of formats that AIPolicy",
  );
});

test("the formats that may not be there are told", () => {
  expect(judge(["onnx"], ["executable", "onnx", "pickle"])?.text).toContain("executable, pickle");
});
