// All cases of signatures by certificate with timestamps, under policies that name whose timestamps count.
import { toPem } from "../../../harness/sigstore.ts";
import type { Holder } from "../../../harness/sigstore/certificates.ts";
import { EMAIL } from "../../authorities.ts";
import { byAuthorities, createTable } from "../../table.ts";
import { listAuthorities, listTimes, listTokens } from "./bent.ts";
import { listGood } from "./good.ts";
import { listLists } from "./lists.ts";
import { createCompany, type Row } from "./parts.ts";

const RULE = "RFC 5280 §6 at the time of RFC 3161: a path that was valid then";

export function listStampedCases() {
  const table = createTable();
  const company = createCompany();
  const { root, between, stamper, stampRoot } = company;
  const pin = (holders: readonly Holder[]) => table.pin(holders.map(({ certificate }) => toPem(certificate)).join(""));
  const add = (kind: string, rows: readonly Row[]) => {
    for (const { name, bent = "nothing: stamped in time", rule = RULE, fact, authorities, crls, ...row } of rows) {
      const signer = byAuthorities("acme", pin([between, root]), {
        identity: { exact: EMAIL },
        timestampAuthorities: pin(authorities ?? [stamper, stampRoot]),
        ...(crls === undefined ? {} : { crls: table.pin(crls) }),
      });
      const facts = fact === undefined ? [] : [{ signer: "acme", identity: EMAIL, ...fact }];
      table.add({ name: `${kind}, ${name}`, bent, rule, signers: [signer], facts, ...row });
    }
  };
  add("stamped", listGood(company));
  add("stamped time", listTimes(company));
  add("stamped authority", listAuthorities(company));
  add("stamped token", listTokens(company));
  add("stamped list", listLists(company));
  return table.finish();
}
