/** The two ways in which an artifact is refused. */
import { ModelRefusal } from "../model-signing/refusal.ts";

/** It cannot be read in one way only, or asks for too much. */
export const unfit = (why: string): ModelRefusal => new ModelRefusal("ModelUnfit", why);

/** It holds something else than what was signed. */
export const mismatch = (why: string): ModelRefusal => new ModelRefusal("ModelMismatch", why);
