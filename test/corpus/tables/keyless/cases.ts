// All cases of keyless signatures.
import { createWorld, PERSON } from "../../sigstore.ts";
import { bySigstore, createTable } from "../../table.ts";
import { listCertificates } from "./certificates.ts";
import { listContainers } from "./containers.ts";
import { listGood } from "./forms.ts";
import { listNames } from "./names.ts";
import type { Row } from "./parts.ts";
import { listWitnesses } from "./witnesses.ts";

export function listKeylessCases() {
  const table = createTable();
  const world = createWorld();
  const add = (kind: string, rows: readonly Row[]) => {
    for (const {
      name,
      bent = "nothing",
      rule = "Sigstore's client specification",
      fact,
      root,
      pattern,
      who = PERSON,
      ...row
    } of rows) {
      const identity = pattern === undefined ? { exact: who.identity } : { pattern };
      const signers = [bySigstore("ml", table.pin(root ?? world.trustedRoot), who.issuer, identity)];
      const facts = fact === undefined ? [] : [{ signer: "ml", identity: who.identity, ...fact }];
      table.add({ name: `${kind}, ${name}`, bent, rule, signers, facts, ...row });
    }
  };
  add("keyless", listGood(world));
  add("keyless name", listNames(world));
  add("keyless certificate", listCertificates(world));
  add("keyless witness", listWitnesses(world));
  add("keyless bundle", listContainers(world));
  return table.finish();
}
