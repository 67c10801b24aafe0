/** The authorities that may stop a system, as the Warrant in force names them. */
import { fromWarrant } from "./images.ts";
import type { Cel } from "./sentences.ts";

const GATE: Cel = "variables.systems[object.spec.system]";

/** Gives the variable `authorities` for an object that names its system; empty where the Warrant knows none. */
export const AUTHORITY_VARIABLES: { name: string; expression: Cel }[] = [
  { name: "systems", expression: fromWarrant("systems", "{}") },
  {
    name: "authorities",
    expression: `has(object.spec.system) && object.spec.system in variables.systems && has(${GATE}.stopAuthority) ? ${GATE}.stopAuthority : []`,
  },
];
