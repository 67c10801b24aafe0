/**
 * Which pull secrets a look may use: those that the platform team named for all, and those of the namespace itself,
 * where the chart lists it. Of a namespace's Secrets only those are read that are listed and that a listed
 * ServiceAccount names, as the kubelet would find them. They are read at every look and kept no longer than it.
 */
import { type Keyring, parsePullSecret, type PullSecret } from "../../adapters/registry/pull-secrets.ts";
import { type Client, isApiError, type KubeObject, type Logger, type ResourceType } from "../../runtime/index.ts";
import { SECRETS, SERVICE_ACCOUNTS } from "../resources.ts";

/** What the chart opens of one namespace, by names. */
export interface OpenedNamespace {
  namespace: string;
  serviceAccounts: readonly string[];
  secrets: readonly string[];
}

/** A pull secret that cannot be used: why, and the next command. Neither tells what is in it. */
export interface Lack {
  lack: string;
  command: string;
}

export interface FoundSecrets {
  keyrings: Keyring[];
  lacks: Lack[];
}

export interface PullSecrets {
  /** Reads what a look for this namespace may use, as it is now. What cannot be used is told, and the rest goes on. */
  read(namespace: string): Promise<FoundSecrets>;
  /** The namespace where it has secrets of its own, so that nothing read with them is shared; undefined elsewhere. */
  scopeOf(namespace: string): string | undefined;
}

export interface PullSecretOptions {
  client: Client;
  logger: Logger;
  operator: { namespace: string; serviceAccount: string };
  /** Secrets of the operator's namespace that every look may use. */
  own: readonly string[];
  opened: readonly OpenedNamespace[];
}

type Secret = KubeObject & { type?: string; data?: Record<string, string> };
type ServiceAccount = KubeObject & { imagePullSecrets?: { name?: string }[] };
type Read<T> = { found: T } | Lack;

/** Most names of a ServiceAccount that are compared with the list. */
const MAX_NAMED = 100;

const decode = (data: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")] as const),
  );

/** Makes the reader. */
export function createPullSecrets({ client, logger, operator, own, opened }: PullSecretOptions): PullSecrets {
  const byNamespace = new Map(opened.map((one) => [one.namespace, one]));

  /** Gets an object, or says why it cannot be had. */
  const get = async <T extends KubeObject>(type: ResourceType, namespace: string, name: string): Promise<Read<T>> => {
    const what = `${type.kind} ${namespace}/${name}`;
    const noun = type.kind.toLowerCase();
    try {
      return { found: await client.get<T>(type, { namespace, name }) };
    } catch (error) {
      if (isApiError(error, "NotFound")) {
        return { lack: `${what} does not exist`, command: `kubectl get ${noun}s -n ${namespace}` };
      }
      if (isApiError(error, "Forbidden")) {
        const who = `system:serviceaccount:${operator.namespace}:${operator.serviceAccount}`;
        const command = `kubectl auth can-i get ${noun}/${name} -n ${namespace} --as=${who}`;
        return { lack: `the operator may not read ${what}`, command };
      }
      return { lack: `${what} cannot be read now`, command: `kubectl get ${noun} ${name} -n ${namespace}` };
    }
  };

  const readSecret = async (namespace: string, name: string): Promise<Read<PullSecret[]>> => {
    const read = await get<Secret>(SECRETS, namespace, name);
    if (!("found" in read)) return read;
    const { type = "", data = {} } = read.found;
    try {
      return { found: parsePullSecret({ type, data: decode(data) }) };
    } catch {
      const lack = `Secret ${namespace}/${name} is no kubernetes.io/dockerconfigjson or dockercfg that can be read`;
      return { lack, command: `kubectl describe secret ${name} -n ${namespace}` };
    }
  };

  const readSecrets = async (
    namespace: string,
    names: readonly string[],
  ): Promise<{ keyring: Keyring; lacks: Lack[] }> => {
    const read = await Promise.all(names.map((name) => readSecret(namespace, name)));
    return {
      keyring: read.flatMap((secret) => ("found" in secret ? secret.found : [])),
      lacks: read.flatMap((secret) => ("found" in secret ? [] : [secret])),
    };
  };

  /** The listed Secrets that listed ServiceAccounts name, in the order in which they name them. */
  const listNamed = async ({ namespace, serviceAccounts, secrets }: OpenedNamespace) => {
    const read = await Promise.all(
      serviceAccounts.map((name) => get<ServiceAccount>(SERVICE_ACCOUNTS, namespace, name)),
    );
    const named = read.flatMap((one) => ("found" in one ? (one.found.imagePullSecrets ?? []) : []).slice(0, MAX_NAMED));
    const names = new Set(named.flatMap(({ name }) => (name !== undefined && secrets.includes(name) ? [name] : [])));
    const unnamed = secrets.filter((name) => !names.has(name));
    const lacks = read.flatMap((one) => ("found" in one ? [] : [one]));
    return { names: [...names], lacks, unnamed };
  };

  const readNamespace = async (one: OpenedNamespace): Promise<{ keyring: Keyring; lacks: Lack[] }> => {
    const { namespace, serviceAccounts } = one;
    const { names, lacks, unnamed } = await listNamed(one);
    const secrets = await readSecrets(namespace, names);
    const hints = unnamed.map((name) => ({
      lack: `Secret ${namespace}/${name} is not among the imagePullSecrets of ServiceAccount ${serviceAccounts.join(", ")}`,
      command: `kubectl get serviceaccount ${serviceAccounts[0]} -n ${namespace} -o yaml`,
    }));
    // Where a ServiceAccount cannot be read, what it names is not known.
    return { keyring: secrets.keyring, lacks: [...lacks, ...secrets.lacks, ...(lacks.length > 0 ? [] : hints)] };
  };

  /** What the platform team named for all. Which of them is missing is for its log, not for every namespace. */
  const readOwn = async (): Promise<{ keyring: Keyring; lacks: Lack[] }> => {
    const { keyring, lacks } = await readSecrets(operator.namespace, own);
    for (const { lack } of lacks) logger.warn({ lack }, "pull secret not usable");
    return { keyring, lacks: lacks.length === 0 ? [] : [toOwnLack(lacks.length)] };
  };

  const toOwnLack = (count: number): Lack => ({
    lack: `${count} of the operator's own pull secrets cannot be used`,
    command: `kubectl logs -n ${operator.namespace} deployment/vouchsafe`,
  });

  return {
    read: async (namespace) => {
      const one = byNamespace.get(namespace);
      const [theirs, ours] = await Promise.all([
        one === undefined ? { keyring: [], lacks: [] } : readNamespace(one),
        readOwn(),
      ]);
      for (const { lack } of theirs.lacks) logger.info({ namespace, lack }, "pull secret of a namespace not usable");
      return { keyrings: [theirs.keyring, ours.keyring], lacks: [...theirs.lacks, ...ours.lacks] };
    },
    scopeOf: (namespace) => byNamespace.get(namespace)?.namespace,
  };
}
