/** Opens the cluster for the commands that ask one: the others start without what speaks to it. */
import { createClient, loadClusterConfig } from "../runtime/index.ts";
import type { GlobalOptions, Session } from "./session.ts";

/** Opens the cluster that the options name. */
export async function openSession(options: GlobalOptions): Promise<Session> {
  const cluster = await loadClusterConfig({
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    ...(options.context === undefined ? {} : { context: options.context }),
  });
  return {
    client: createClient(cluster),
    namespace: options.namespace ?? cluster.namespace ?? "default",
    now: Date.now(),
    tell: options.output === "json" ? () => {} : (line) => process.stderr.write(`${line}\n`),
  };
}
