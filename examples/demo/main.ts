// `make demo`: plays the story and ends with a table of expected and observed.
import { parseArgs } from "node:util";
import { demand } from "../../test/harness/kubectl.ts";
import { CLUSTERS, type ClusterKind, type DemoCluster, openCluster } from "./cluster.ts";
import { setStage, type Stage } from "./stage.ts";
import { governNamespace, lowerImpact, refuseOneByOne, releaseV5, stopOperator, upgradeToV6 } from "./story.ts";
import { revokeSigner, revokeV6 } from "./breach.ts";
import { createTeller, printTable } from "./teller.ts";

const isCluster = (name: string): name is ClusterKind => CLUSTERS.some((one) => one === name);

async function keepRunning(cluster: DemoCluster): Promise<void> {
  process.stdout.write(
    [
      "",
      "Still running, the operator too. In another shell:",
      `  alias kubectl='${cluster.binary} kubectl --kubeconfig ${cluster.kubeconfig}'`,
      `  export KUBECONFIG=${cluster.kubeconfig}; bin/vouchsafe status -A`,
      `People have their own kubeconfigs: ${cluster.dir}/{alice,bob,ruth,eve,ada,olga}.kubeconfig`,
      "olga alone may stop and handle incidents. To act as a person, such as olga:",
      `  bin/vouchsafe --kubeconfig ${cluster.dir}/olga.kubeconfig incident list -n voice --all`,
      "Press Ctrl-C to end it.",
      "",
    ].join("\n"),
  );
  await new Promise<void>((ok) => {
    process.once("SIGINT", ok);
    process.once("SIGTERM", ok);
    setInterval(() => {}, 60_000);
  });
}

/** Takes away what the demo made on a cluster that stays. */
async function tidyUp({ admin }: Stage): Promise<void> {
  process.stdout.write("\nTidying up\n");
  await demand(admin.kubectl, ["delete", "namespace", "voice", "trial", "--ignore-not-found"]);
  await demand(admin.kubectl, ["delete", "aipolicy", "standard", "trial", "--ignore-not-found"]);
  await demand(admin.kubectl, ["delete", "node", "fake-node", "--ignore-not-found"]);
  process.stdout.write(
    "The chart and its CRDs stay installed in vouchsafe-system; docs/operations.md tells how to remove them.\n",
  );
}

async function play(): Promise<number> {
  const { values } = parseArgs({
    options: { cluster: { type: "string", default: "embedded" }, keep: { type: "boolean", default: false } },
  });
  if (!isCluster(values.cluster)) throw new Error(`CLUSTER is one of ${CLUSTERS.join(", ")}`);
  const began = performance.now();
  const teller = createTeller(process.stdout.isTTY);
  const cluster = await openCluster(values.cluster);
  let stage: Stage | undefined;
  try {
    stage = await setStage(cluster, teller);
    const acts = [
      governNamespace,
      releaseV5,
      upgradeToV6,
      refuseOneByOne,
      revokeV6,
      lowerImpact,
      stopOperator,
      revokeSigner,
    ];
    for (const act of acts) await act(stage);
    const isFine = printTable(teller.rows);
    process.stdout.write(`played in ${Math.round((performance.now() - began) / 1000)} s\n`);
    if (values.keep) await keepRunning(cluster);
    else if (!cluster.isOurs) await tidyUp(stage);
    return isFine ? 0 : 1;
  } finally {
    await stage?.product.stop();
    await cluster.stop();
  }
}

play().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
