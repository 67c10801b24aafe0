// Asks cosign about every case of a corpus, signer by signer, and holds its answers to ours.
import { collectCase, toFacts } from "../../corpus/judge.ts";
import { type Case, type Corpus, type Fact, resolveSigners } from "../../corpus/case.ts";
import { DIFFERENCES } from "../../corpus/differences.ts";
import type { Verdict } from "../../corpus/verdicts.ts";
import { runCosign } from "./binary.ts";
import { createFiles, toFlags } from "./flags.ts";
import type { Server } from "./serve.ts";

/** One signer of one case, as both judge it. */
export interface Compared {
  name: string;
  signer: string;
  ours: Verdict;
  cosign: Verdict;
  said: string;
  /** What is wrong with that; undefined where it is as it has to be. */
  fault?: string;
}

const toVerdict = (isAccepted: boolean): Verdict => (isAccepted ? "accepts" : "refuses");

const isAnswer = ({ question }: Case, fact: Fact) =>
  question.about === "artifact"
    ? fact.over === "artifact"
    : question.about === "attestation" &&
      // cosign's own type under the tag of attestations is a signature here.
      (fact.predicateType === question.predicateType || fact.over === "artifact");

function findFault({ differs }: Case, ours: Verdict, cosign: Verdict): string | undefined {
  if (ours === cosign) return differs === undefined ? undefined : `both say the same, and ${differs} is said to differ`;
  if (differs === undefined) return "nothing explains the difference";
  return DIFFERENCES[differs].cosign === cosign
    ? undefined
    : `${differs} says that cosign ${DIFFERENCES[differs].cosign}`;
}

const toCommand = ({ question }: Case): string[] =>
  question.about === "attestation" ? ["verify-attestation", "--type", question.predicateType] : ["verify"];

interface Tools {
  cosign: string;
  server: Server;
  folder: string;
}

async function compareCase(about: Case, trust: Corpus["trust"], repository: string, tools: Tools): Promise<Compared[]> {
  const facts = toFacts(await collectCase(about, trust));
  const image = await tools.server.serve(about.content, repository);
  const compared: Compared[] = [];
  for (const { signer, anchor } of resolveSigners(about.signers, trust)) {
    const ours = toVerdict(facts.some((fact) => fact.signer === signer && isAnswer(about, fact)));
    const flags = toFlags(anchor, about, createFiles(tools.folder));
    const args = [...toCommand(about), ...flags, "--allow-http-registry", image];
    const { isAccepted, said } = await runCosign(tools.cosign, args);
    const cosign = toVerdict(isAccepted);
    const fault = findFault(about, ours, cosign);
    compared.push({ name: about.name, signer, ours, cosign, said, ...(fault === undefined ? {} : { fault }) });
  }
  return compared;
}

/** Goes through the cases, a few at a time. */
export async function compareCorpus({ cases, trust }: Corpus, tools: Tools): Promise<Compared[]> {
  const asked = cases.filter(({ question }) => question.about !== "nothing");
  const compared: Compared[][] = [];
  let next = 0;
  const work = async () => {
    for (;;) {
      const at = next;
      next += 1;
      const about = asked[at];
      if (about === undefined) return;
      compared[at] = await compareCase(about, trust, `corpus/c${at}`, tools);
      if (at % 40 === 39) process.stderr.write(`  ${at + 1} of ${asked.length} cases\n`);
    }
  };
  await Promise.all([work(), work(), work()]);
  return compared.flat();
}
