/** In-toto statements within a DSSE envelope, v0.1 and v1. */
import type * as z from "zod";
import { parseBoundedJson } from "../decode.ts";
import { IN_TOTO_TYPE, statementAbout } from "../in-toto.ts";
import { Refusal } from "./verdict.ts";

/** Some values for each subject or file that a statement tells of. */
const MAX_STATEMENT_VALUES = 1_000_000;

const statement = statementAbout(100_000);

export type InTotoStatement = z.output<typeof statement>;

/** Reads the statement of an envelope. Throws a Refusal where there is none. */
export function parseStatement(payloadType: string, payload: Buffer): InTotoStatement {
  if (payloadType !== IN_TOTO_TYPE) throw new Refusal("BundleBroken", "its envelope holds no in-toto statement");
  try {
    return statement.parse(parseBoundedJson(payload, MAX_STATEMENT_VALUES));
  } catch {
    throw new Refusal("BundleBroken", "its envelope holds no in-toto statement v0.1 or v1");
  }
}
