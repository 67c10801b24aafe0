// What the acts of the story share: people, the product, the artifacts of this run, and looks at the cluster.
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Kubectl } from "../../test/harness/kubectl.ts";
import { demand, readJson } from "../../test/harness/kubectl.ts";
import { type Product, startProduct } from "../../test/harness/product.ts";
import { makePerson, type Person } from "../../test/harness/users.ts";
import { readDeployment, readExample } from "../../test/harness/voice.ts";
import { eventually } from "../../test/harness/wait.ts";
import type { ArtifactName } from "../silero/artifacts.ts";
import { type Published, publishSilero } from "../silero/publish.ts";
import type { DemoCluster } from "./cluster.ts";
import type { Teller } from "./teller.ts";

export interface Stage {
  teller: Teller;
  product: Product;
  published: Published;
  /** The cluster's administrator. */
  admin: { name: string; kubectl: Kubectl };
  people: Record<"bob" | "alice" | "ruth" | "eve" | "ada" | "olga", Person>;
  image(name: ArtifactName): string;
  /** Writes a file of examples/voice as this run needs it; the path. */
  manifest(file: string, namespace?: string, change?: (text: string) => string): Promise<string>;
  deployment(model: ArtifactName, server: ArtifactName): Promise<string>;
  /** Runs the vouchsafe command as a person. */
  vouchsafe(person: Person, args: string[]): Promise<string>;
}

const BIN = fileURLToPath(new URL("../../bin/vouchsafe", import.meta.url));

interface Conditioned {
  status?: { conditions?: { type: string; status: string; reason: string; message: string }[]; digest?: string };
}

/** Waits until a condition of an object has a status, or a reason; `type=True` or `type=Reason`. */
export async function untilCondition(kubectl: Kubectl, object: string[], wanted: string): Promise<string> {
  const [type, value] = wanted.split("=");
  const read = () => readJson<Conditioned>(kubectl, object);
  return eventually(
    `${object.join(" ")} has ${wanted}`,
    async () => {
      const found = (await read())?.status?.conditions?.find((one) => one.type === type);
      return found?.status === value || found?.reason === value ? (found?.message ?? "") : undefined;
    },
    { lastSeen: async () => (await read())?.status?.conditions },
  );
}

/** The digest that an Approval of the object has to name. */
export async function readDigest(kubectl: Kubectl, object: string[]): Promise<string> {
  return eventually(
    `${object.join(" ")} shows its digest`,
    async () => (await readJson<Conditioned>(kubectl, object))?.status?.digest,
  );
}

/** Brings the product up, publishes the models and makes the people. */
export async function setStage(cluster: DemoCluster, teller: Teller): Promise<Stage> {
  const { binary, kubeconfig, dir } = cluster;
  teller.act(
    "Setting the stage: chart, operator under its own ServiceAccount, registry with two real models, six people",
  );
  const product = await startProduct({ binary, kubeconfig, dir });
  const { kubectl } = product;
  const published = await publishSilero(product.registry.host);
  for (const name of Object.values(published.images)) teller.say(name);
  const names = ["bob", "alice", "ruth", "eve", "ada", "olga"] as const;
  const made = await Promise.all(
    names.map(async (name) => [name, await makePerson({ kubectl, binary }, dir, name)] as const),
  );
  const manifests = join(dir, "manifests");
  await mkdir(manifests, { recursive: true });
  const write = async (file: string, text: string) => {
    const path = join(manifests, file);
    await writeFile(path, text);
    return path;
  };
  return {
    teller,
    product,
    published,
    admin: { name: "admin", kubectl },
    people: Object.fromEntries(made) as Stage["people"],
    image: (name) => published.images[name],
    manifest: (file, namespace = "voice", change = (text) => text) =>
      write(namespace === "voice" ? file : `${namespace}-${file}`, change(readExample(file, namespace, published))),
    deployment: (model, server) =>
      write(
        "deployment.yaml",
        readDeployment("voice", published, { model: published.images[model], server: published.images[server] }),
      ),
    vouchsafe: (person, args) =>
      new Promise((ok) => {
        execFile(BIN, ["--kubeconfig", person.kubeconfig, ...args], (_, stdout, stderr) => {
          teller.show(
            person.name,
            `vouchsafe ${args.map((word) => (word.includes(" ") ? `"${word}"` : word)).join(" ")}`,
            stdout + stderr,
          );
          ok(stdout + stderr);
        });
      }),
  };
}

/** Waits until the Deployment runs `image` in all its replicas; the milliseconds it took. */
export async function untilRolledOut(kubectl: Kubectl, namespace: string, image: string): Promise<number> {
  const began = performance.now();
  await eventually(`the Deployment runs ${image}`, async () => {
    const text = await demand(kubectl, ["get", "pods", "-n", namespace, "-l", "app=voice-gate", "-o", "json"]);
    const pods = (
      JSON.parse(text) as { items: { status: { phase: string }; spec: { containers: { image: string }[] } }[] }
    ).items;
    const running = pods.filter(
      ({ status, spec }) => status.phase === "Running" && spec.containers[0]?.image === image,
    );
    return running.length === 2 ? true : undefined;
  });
  return Math.round(performance.now() - began);
}
