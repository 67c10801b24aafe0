/** The statement that a signature is over, in whichever format it is. */
import * as z from "zod";
import { parseBoundedJson } from "../decode.ts";
import { LEGACY_PREDICATE_TYPE, toLegacyManifest } from "./legacy.ts";
import { type ModelManifest, toManifest } from "./manifest.ts";
import { broken } from "./refusal.ts";

/** Four values for each file, and some for what is around them. */
const MAX_STATEMENT_VALUES = 1_000_000;

const legacy = z.looseObject({ predicateType: z.literal(LEGACY_PREDICATE_TYPE) });

function parse(payload: Buffer): unknown {
  try {
    return parseBoundedJson(payload, MAX_STATEMENT_VALUES);
  } catch {
    throw broken("its payload is no statement of model signing v1.0");
  }
}

/** Reads the payload of an envelope; one of version 0.2 only where it is accepted. Throws a ModelRefusal. */
export function parseManifest(payload: Buffer, acceptsLegacy: boolean): ModelManifest {
  const json = parse(payload);
  if (!legacy.safeParse(json).success) return toManifest(json);
  if (!acceptsLegacy) {
    throw broken(
      "it is of model_signing 0.2, before the specification: sign anew, or accept it by --accept-v0-signatures",
    );
  }
  return toLegacyManifest(json);
}
