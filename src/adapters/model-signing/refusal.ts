/** Why a model is refused. */
export type ModelRefusalCode =
  /** It is no signature of OpenSSF Model Signing v1.0. */
  | "SignatureBroken"
  /** The signature does not hold, or not by whom it has to be. */
  | "SignatureInvalid"
  /** The signer's certificate is not trusted, may not sign, or has run out. */
  | "CertificateUntrusted"
  /** The material does not fit the method that was asked for. */
  | "MethodMismatch"
  /** What lies on disk is not what was signed. */
  | "ModelMismatch"
  /** What lies on disk cannot be signed or verified at all, such as a symbolic link. */
  | "ModelUnfit";

/** A refusal on its way to the verdict. */
export class ModelRefusal extends Error {
  readonly code: ModelRefusalCode;
  constructor(code: ModelRefusalCode, why: string) {
    super(why);
    this.code = code;
  }
}

/** Names of files as people may see them: a name with control characters is quoted and cut. */
export const showName = (name: string): string =>
  /^[\x20-\x7e]{1,200}$/.test(name) ? name : JSON.stringify(name.slice(0, 200));

/** It cannot be read in one way only, or asks for too much. */
export const unfit = (why: string): ModelRefusal => new ModelRefusal("ModelUnfit", why);

/** It is no signature as it should be. */
export const broken = (why: string): ModelRefusal => new ModelRefusal("SignatureBroken", why);

/** What is there is another thing than was signed. */
export const mismatch = (why: string): ModelRefusal => new ModelRefusal("ModelMismatch", why);

/** What was read at one moment and is another thing at the next was seen by nobody as a whole. */
export const changed = (name: string): ModelRefusal => unfit(`${showName(name)} changed while the model was read`);
