/**
 * Where the cluster is and how to authenticate, by client-node's KubeConfig: kubeconfig files, in-cluster
 * tokens that rotate, exec plugins. client-node is imported late, since it costs 83 MiB where it is not needed.
 */
import type { RequestOptions } from "node:https";

/** TLS material and address of a cluster, and a source of fresh authorization headers. */
export interface ClusterConfig {
  server: string;
  /** The namespace of the kubeconfig's context, where it names one. */
  namespace: string | undefined;
  tls: {
    ca?: string | Buffer;
    cert?: string | Buffer;
    key?: string | Buffer;
    rejectUnauthorized?: boolean;
    servername?: string;
  };
  /** The Authorization header now, or undefined where a client certificate is used. */
  authorize(): Promise<string | undefined>;
}

export interface ClusterSource {
  /** Path of a kubeconfig; the usual places (KUBECONFIG, home, in-cluster) where it is left out. */
  kubeconfig?: string;
  context?: string;
}

const asMaterial = (value: unknown) => (typeof value === "string" || Buffer.isBuffer(value) ? value : undefined);

/** What client-node falls back to where nothing names a cluster; without TLS, so it is none that can be used. */
const NO_CLUSTER = "http://localhost:8080";

/** A file that cannot be read is told by its path, and why in the cause; what is wrong inside one client-node says itself. */
function explainUnread(cause: unknown, named: string | undefined): Error {
  const isUnread = cause instanceof Error && "code" in cause && "syscall" in cause;
  if (!isUnread) return cause instanceof Error ? cause : new Error(String(cause));
  const path = "path" in cause ? String(cause.path) : (named ?? "");
  return new Error(`cannot read kubeconfig ${path}`, { cause });
}

/** Reads the configuration. Throws where the file or the context does not exist. */
export async function loadClusterConfig(source: ClusterSource = {}): Promise<ClusterConfig> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    if (source.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(source.kubeconfig);
  } catch (cause) {
    throw explainUnread(cause, source.kubeconfig);
  }
  if (source.context !== undefined) {
    if (config.getContextObject(source.context) === null)
      throw new Error(`the kubeconfig has no context ${source.context}`);
    config.setCurrentContext(source.context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster?.server === NO_CLUSTER && source.kubeconfig === undefined)
    throw new Error("no cluster: neither --kubeconfig, KUBECONFIG nor ~/.kube/config names one, and this is no pod");
  if (cluster === null) throw new Error("the kubeconfig names no cluster: set KUBECONFIG or give --kubeconfig");
  const readOptions = async () => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return options;
  };
  const { ca, cert, key, rejectUnauthorized, servername } = await readOptions();
  const tls: ClusterConfig["tls"] = {};
  for (const [name, value] of Object.entries({ ca, cert, key })) {
    const material = asMaterial(value);
    if (material !== undefined) tls[name as "ca" | "cert" | "key"] = material;
  }
  if (rejectUnauthorized === false) tls.rejectUnauthorized = false;
  if (servername !== undefined) tls.servername = servername;
  return {
    server: cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    tls,
    authorize: async () => {
      const { headers, auth } = await readOptions();
      if (typeof auth === "string") return `Basic ${Buffer.from(auth).toString("base64")}`;
      const header = (headers as Record<string, unknown> | undefined)?.Authorization;
      return typeof header === "string" ? header : undefined;
    },
  };
}
