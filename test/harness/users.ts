// People with credentials of their own: a client certificate that the cluster itself signs for the name.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { bindKubectl, demand, type Kubectl } from "./kubectl.ts";
import { eventually } from "./wait.ts";

const run = promisify(execFile);

export interface Person {
  name: string;
  kubeconfig: string;
  kubectl: Kubectl;
}

interface KubeconfigFile {
  clusters: unknown[];
  contexts: { name: string; context: { cluster: string; user: string } }[];
  "current-context": string;
}

/** Makes a kubeconfig of one user beside the admin's, for the same cluster. */
export async function writeUserKubeconfig(
  admin: { kubectl: Kubectl },
  path: string,
  user: { name: string; credentials: Record<string, string> },
): Promise<string> {
  const view = await demand(admin.kubectl, ["config", "view", "--raw", "--minify", "-o", "json"]);
  const config = JSON.parse(view) as KubeconfigFile;
  const [context] = config.contexts;
  if (context === undefined) throw new Error("the admin's kubeconfig has no context");
  await writeFile(
    path,
    JSON.stringify({
      ...config,
      users: [{ name: user.name, user: user.credentials }],
      contexts: [{ ...context, context: { ...context.context, user: user.name } }],
    }),
    { mode: 0o600 },
  );
  return path;
}

/** Has the cluster sign a client certificate for `name` and binds kubectl to it. */
export async function makePerson(
  admin: { kubectl: Kubectl; binary: string },
  dir: string,
  name: string,
): Promise<Person> {
  await run(admin.binary, ["certs", "--dir", dir, "--request", name]);
  const csr = await readFile(join(dir, `${name}.csr`));
  const request = {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { generateName: `${name.replace(/[^a-z0-9]/g, "-")}-` },
    spec: {
      request: csr.toString("base64"),
      signerName: "kubernetes.io/kube-apiserver-client",
      usages: ["client auth"],
    },
  };
  const created = await demand(admin.kubectl, ["create", "-f", "-", "-o", "name"], JSON.stringify(request));
  const csrName = created.trim().replace(/^.*\//, "");
  await demand(admin.kubectl, ["certificate", "approve", csrName]);
  const certificate = await eventually(`a certificate for ${name}`, async () => {
    const text = await demand(admin.kubectl, ["get", "csr", csrName, "-o", "jsonpath={.status.certificate}"]);
    return text === "" ? undefined : text;
  });
  const key = (await readFile(join(dir, `${name}.key`))).toString("base64");
  const kubeconfig = await writeUserKubeconfig(admin, join(dir, `${name}.kubeconfig`), {
    name,
    credentials: { "client-certificate-data": certificate, "client-key-data": key },
  });
  return { name, kubeconfig, kubectl: bindKubectl(admin.binary, kubeconfig) };
}

/** Writes a kubeconfig with a fresh token of a ServiceAccount. */
export async function writeServiceAccountKubeconfig(
  admin: { kubectl: Kubectl },
  path: string,
  account: { namespace: string; name: string },
): Promise<string> {
  const token = await demand(admin.kubectl, [
    "create",
    "token",
    account.name,
    "-n",
    account.namespace,
    "--duration=8h",
  ]);
  return writeUserKubeconfig(admin, path, { name: account.name, credentials: { token: token.trim() } });
}
