// Who tried to write which Deployment, and what the API server answered: read from its own audit log.
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** One write to a Deployment, as the API server saw it. */
export interface Attempt {
  /** Epoch milliseconds at which the request came in. */
  at: number;
  user: string;
  verb: string;
  namespace: string;
  name: string;
  isDryRun: boolean;
  /** HTTP status of the answer. */
  code: number;
  /** Body of the request as JSON. */
  body: string;
}

export interface Audit {
  /** All attempts on Deployments of a namespace so far, oldest first. */
  listAttempts(namespace: string): Promise<Attempt[]>;
}

interface Entry {
  stage: string;
  verb: string;
  requestURI: string;
  requestReceivedTimestamp: string;
  user?: { username?: string };
  impersonatedUser?: { username?: string };
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number };
  requestObject?: unknown;
}

/** Writes the audit policy; the flags that switch the audit log on. */
export async function writeAuditPolicy(dir: string): Promise<{ logFile: string; flags: string[] }> {
  const policyFile = join(dir, "audit-policy.json");
  const logFile = join(dir, "audit.log");
  const policy = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    omitManagedFields: true,
    rules: [
      { level: "None", verbs: ["get", "list", "watch"] },
      { level: "Request", resources: [{ group: "apps", resources: ["deployments"] }] },
      { level: "None" },
    ],
  };
  await writeFile(policyFile, JSON.stringify(policy));
  return { logFile, flags: [`--audit-policy-file=${policyFile}`, `--audit-log-path=${logFile}`] };
}

function toAttempt(line: string): Attempt | undefined {
  const entry = JSON.parse(line) as Entry;
  const { objectRef = {}, stage } = entry;
  // What the controllers write to statuses repeats the image and brings none in.
  if (stage !== "ResponseComplete" || objectRef.subresource !== undefined) return undefined;
  return {
    at: Date.parse(entry.requestReceivedTimestamp),
    user: entry.impersonatedUser?.username ?? entry.user?.username ?? "",
    verb: entry.verb,
    namespace: objectRef.namespace ?? "",
    name: objectRef.name ?? "",
    isDryRun: new URL(entry.requestURI, "https://x").searchParams.has("dryRun"),
    code: entry.responseStatus?.code ?? 0,
    body: JSON.stringify(entry.requestObject ?? null),
  };
}

/** Opens the log; every look reads only what came since the last one. */
export function openAudit(logFile: string): Audit {
  const attempts: Attempt[] = [];
  let offset = 0;
  let rest = "";
  const readOn = async () => {
    const file = await open(logFile, "r");
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(size - offset);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      offset += bytesRead;
      // A line may be written in parts, and lines are ASCII up to the names of these tests.
      const lines = (rest + buffer.toString("latin1", 0, bytesRead)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const attempt = toAttempt(line);
        if (attempt !== undefined) attempts.push(attempt);
      }
    } finally {
      await file.close();
    }
  };
  let reading = Promise.resolve();
  return {
    listAttempts: async (namespace) => {
      reading = reading.then(readOn);
      await reading;
      return attempts.filter((attempt) => attempt.namespace === namespace);
    },
  };
}
