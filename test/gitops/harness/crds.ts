// Installs CRDs and waits until they are served. `kubectl wait` fails on one whose status is still empty.
import { demand, type Kubectl } from "../../harness/kubectl.ts";
import { eventually } from "../../harness/wait.ts";
import type { Client } from "./client.ts";

interface Crd {
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string }[] | null };
}

/** Applies CRDs, given as files or as objects. */
export async function installCrds(
  { client, kubectl }: { client: Client; kubectl: Kubectl },
  { files = [], objects = [] }: { files?: readonly string[]; objects?: readonly object[] },
): Promise<void> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const sources = [...files.flatMap((file) => ["-f", file]), ...(objects.length === 0 ? [] : ["-f", "-"])];
  const applied = await demand(kubectl, ["apply", "--server-side", "-o", "name", ...sources], list);
  for (const line of applied.trim().split("\n")) {
    const name = line.replace(/^.*\//, "");
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;
    await eventually(`${name} is served`, async () => {
      const { status } = await client.demand<Crd>("GET", path);
      return status?.conditions?.some((one) => one.type === "Established" && one.status === "True") ? true : undefined;
    });
  }
}
