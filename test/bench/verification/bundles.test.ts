// Verifications of a bundle per second, ours against sigstore-js.
import { expect, test } from "vitest";
import { writeSection } from "../report.ts";
import { summarize, summarizeRatios } from "../statistics.ts";
import { measureApart } from "./apart.ts";
import { measureBundles } from "./bundles.ts";
import { LONG, ROUNDS } from "./scale.ts";

const PER_ROUND = 20;
/** What each is compared with. */
const BASES: Record<string, string> = {
  "vouchsafe, root kept": "sigstore-js, verifier kept",
  "vouchsafe, root read each time": "sigstore-js, root read each time",
};

test("bundles per second", LONG, async () => {
  const spent = await measureApart("bundles.ts", measureBundles, { rounds: ROUNDS, perRound: PER_ROUND });
  const rows = Object.entries(spent).map(([name, values]) => {
    const base = spent[BASES[name] ?? name] ?? values;
    const ratio = summarizeRatios(base, values).p50.toFixed(2);
    const { n, p50 } = summarize(values);
    return [name, String(n), (1000 / p50).toFixed(0), BASES[name] === undefined ? "1.00" : ratio];
  });
  writeSection({
    title: "Verification of bundles",
    method:
      "One keyless bundle (v0.3, message signature, log entry with promise and proof, timestamp) of a private Sigstore, " +
      `verified ${PER_ROUND} times by each side in each round, one after the other in one process, from its bytes. ` +
      "sigstore-js is what the npm package `sigstore` does: `bundleFromJSON`, `toSignedEntity`, `toTrustMaterial`, " +
      "`Verifier`. *Kept*: both verify with what they made of the trusted root once, as the operator does. *Root read each " +
      "time*: both parse its text for each bundle, and make trust material of it. Ours checks more: canonical encoding, the certificate's purpose, " +
      "the key in the log entry. Rates are medians of the rounds, ratios medians of the pairs within a round.",
    header: ["side", "rounds", "per second", "to sigstore-js"],
    rows,
    goals: [],
  });
  expect(rows).toHaveLength(4);
});
