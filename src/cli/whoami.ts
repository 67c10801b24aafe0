/** `vouchsafe whoami`: who the API server takes you for, and what you may decide. kubectl auth can-i misleads here. */
import { AIPolicy } from "../api/ai-policy.ts";
import { GROUP } from "../api/kind.ts";
import { listValid } from "../domain/facts.ts";
import { readAll } from "./read.ts";
import { type Answer, type Session, toTable } from "./session.ts";

export interface Identity {
  username: string;
  uid?: string;
  groups?: string[];
}

interface Review {
  status: { userInfo: Identity };
}

/** The user as the API server authenticated it. */
export async function readIdentity({ client }: Session): Promise<Identity> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const path = ["apis", "authentication.k8s.io", "v1", "selfsubjectreviews"];
  return (await client.post<Review>(path, body)).status.userInfo;
}

async function isAllowed({ client }: Session, resource: string, name: string, namespace?: string): Promise<boolean> {
  const attributes = { group: GROUP, resource, name, verb: "use", ...(namespace === undefined ? {} : { namespace }) };
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: attributes },
  };
  const path = ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"];
  return (await client.post<{ status: { allowed: boolean } }>(path, body)).status.allowed;
}

/** Whether a right is held by name: who may also use the reserved name holds a wildcard, which counts for nothing. */
async function holdsByName(
  session: Session,
  resource: string,
  name: string,
  namespace?: string,
): Promise<"yes" | "no" | "wildcard"> {
  if (!(await isAllowed(session, resource, name, namespace))) return "no";
  return (await isAllowed(session, resource, "not-a-role", namespace)) ? "wildcard" : "yes";
}

async function listPolicies(session: Session): Promise<AIPolicy[]> {
  return listValid(await readAll<AIPolicy>(session, AIPolicy));
}

/** Runs the command. */
export async function whoami(session: Session): Promise<Answer> {
  const { namespace } = session;
  const identity = await readIdentity(session);
  const policies = await listPolicies(session).catch(() => []);
  const roles = new Set(
    policies.flatMap(({ spec }) => spec.tiers.flatMap((tier) => (tier.approvals ?? []).map(({ role }) => role))),
  );
  const approving: Record<string, string> = {};
  for (const role of roles) approving[role] = await holdsByName(session, "approvalroles", role, namespace);
  const governing: Record<string, string> = {};
  for (const name of [...policies.map(({ metadata }) => metadata.name), "records"]) {
    governing[name] = await holdsByName(session, "governancemodes", name);
  }
  const explain = { yes: "yes", no: "no", wildcard: 'no: held by "*" only, which makes nobody an approver' } as Record<
    string,
    string
  >;
  const lines = [
    `You are ${identity.username}${identity.uid === undefined ? "" : ` (uid ${identity.uid})`}.`,
    `Groups: ${(identity.groups ?? []).join(", ")}`,
    "",
    ...(roles.size === 0
      ? ["No AIPolicy could be read, so roles are not known. Ask for get and list on aipolicies."]
      : toTable([
          ["APPROVE IN ROLE", `IN NAMESPACE ${namespace}`],
          ...Object.entries(approving).map(([role, held]) => [role, explain[held] ?? held]),
        ])),
    "",
    ...toTable([
      ["GOVERN", "BY NAME"],
      ...Object.entries(governing).map(([name, held]) => [name, held === "yes" ? "yes" : "no"]),
    ]),
  ];
  return { exit: 0, json: { ...identity, namespace, approving, governing }, lines };
}
