// All tables of the corpus.
import type { Corpus } from "./case.ts";
import { listCertifiedCases } from "./tables/certified/cases.ts";
import { listEntryCases } from "./tables/entries.ts";
import { listKeyedCases } from "./tables/keyed/cases.ts";
import { listKeylessCases } from "./tables/keyless/cases.ts";
import { listSeveralCases } from "./tables/several.ts";
import { listStampedCases } from "./tables/stamped/cases.ts";

/** Makes every case, with fresh keys. */
export const generateGroups = (): Record<string, Corpus> => ({
  keyed: listKeyedCases(),
  keyless: listKeylessCases(),
  certified: listCertifiedCases(),
  several: listSeveralCases(),
  stamped: listStampedCases(),
  entries: listEntryCases(),
});
