// All cases of signatures by certificate.
import { toPem } from "../../../harness/sigstore.ts";
import { createBelow, createRoot, EMAIL } from "../../authorities.ts";
import { byAuthorities, createTable } from "../../table.ts";
import { listConstraints } from "./constraints.ts";
import { listGood } from "./forms.ts";
import { listNames } from "./names.ts";
import type { Row } from "./parts.ts";
import { listPaths } from "./paths.ts";
import { listRevocations } from "./revocations.ts";

export function listCertifiedCases() {
  const table = createTable();
  const root = createRoot();
  const company = { root, between: createBelow(root) };
  const own = [company.between, root];
  const add = (kind: string, rows: readonly Row[]) => {
    for (const row of rows) {
      const { name, bent = "nothing", rule = "RFC 5280 §6: a valid path", fact, as = EMAIL, ...rest } = row;
      const { roots = own, crls, identity = { exact: EMAIL }, ...more } = rest;
      const signer = byAuthorities("acme", table.pin(roots.map(({ certificate }) => toPem(certificate)).join("")), {
        ...(identity === "any" ? {} : { identity }),
        ...(crls === undefined ? {} : { crls: table.pin(crls) }),
      });
      const facts = fact === undefined ? [] : [{ signer: "acme", identity: as, ...fact }];
      table.add({ name: `${kind}, ${name}`, bent, rule, signers: [signer], facts, ...more });
    }
  };
  add("certificate", listGood(company));
  add("certificate name", listNames(company));
  add("certificate constraint", listConstraints(company));
  add("certificate path", listPaths(company));
  add("certificate list", listRevocations(company));
  return table.finish();
}
