// All cases of signatures by key.
import { createSignatory, KEY_KINDS, type Signatory } from "../../keys.ts";
import { byKey, createTable, type Table } from "../../table.ts";
import { listContainers, listSchemes } from "./containers.ts";
import { FORMS, toGoodRow } from "./forms.ts";
import type { Bent } from "./parts.ts";
import { listShadows, listStatements } from "./statements.ts";
import { listStrangers } from "./strangers.ts";

function addBent(table: Table, by: Signatory, rows: readonly Bent[]): void {
  for (const { fact, signatory = by, ...row } of rows) {
    const facts = fact === undefined ? [] : [{ signer: "pipeline", ...fact }];
    table.add({ ...row, name: `key, ${row.name}`, signers: [byKey("pipeline", signatory)], facts });
  }
}

export function listKeyedCases() {
  const table = createTable();
  for (const form of FORMS) for (const kind of KEY_KINDS) table.add(toGoodRow(form, kind));
  const by = createSignatory();
  addBent(table, by, [
    ...listStrangers(by),
    ...listStatements(by),
    ...listContainers(by),
    ...listShadows(by),
    ...listSchemes(),
  ]);
  return table.finish();
}
