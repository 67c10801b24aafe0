/** `vouchsafe whoami`: who the API server takes you for, and what you may decide, stop and govern. */
import { AIPolicy } from "../api/ai-policy.ts";
import { AISystem } from "../api/ai-system.ts";
import { listValid } from "../domain/facts.ts";
import { readAll } from "./read.ts";
import { type Held, holdsByName, isFullAdmin, readIdentity } from "./rights.ts";
import { type Answer, type Session, toTable } from "./session.ts";

async function listPolicies(session: Session): Promise<AIPolicy[]> {
  return listValid(await readAll<AIPolicy>(session, AIPolicy));
}

/** The authorities that systems of the namespace name, each with the systems that it may stop. */
async function listAuthorities(session: Session): Promise<Map<string, string[]>> {
  const systems = listValid(await readAll<AISystem>(session, AISystem, session.namespace));
  const found = new Map<string, string[]>();
  for (const { metadata, spec } of systems) {
    for (const name of spec.oversight.stopAuthority) found.set(name, [...(found.get(name) ?? []), metadata.name]);
  }
  return found;
}

const explain = (held: Held, wildcard: string) =>
  held === "wildcard" ? `no: held by "*" only, which ${wildcard}` : held;

function describeGoverning(held: Held, isAdmin: boolean): string {
  if (isAdmin) return "yes: administrator of everything";
  return held === "yes" ? "yes" : "no";
}

/** Runs the command. */
export async function whoami(session: Session): Promise<Answer> {
  const { namespace } = session;
  const identity = await readIdentity(session);
  const policies = await listPolicies(session).catch(() => []);
  const roles = new Set(
    policies.flatMap(({ spec }) => spec.tiers.flatMap((tier) => (tier.approvals ?? []).map(({ role }) => role))),
  );
  const approving: Record<string, Held> = {};
  for (const role of roles) approving[role] = await holdsByName(session, "approvalroles", role, namespace);
  const authorities = await listAuthorities(session).catch(() => new Map<string, string[]>());
  const stopping: Record<string, Held> = {};
  for (const name of authorities.keys())
    stopping[name] = await holdsByName(session, "stopauthorities", name, namespace);
  const isAdmin = await isFullAdmin(session, identity);
  const governing: Record<string, Held> = {};
  for (const name of [...policies.map(({ metadata }) => metadata.name), "records"]) {
    governing[name] = isAdmin ? "yes" : await holdsByName(session, "governancemodes", name);
  }
  const lines = [
    `You are ${identity.username}${identity.uid === undefined ? "" : ` (uid ${identity.uid})`}.`,
    `Groups: ${(identity.groups ?? []).join(", ")}`,
    "",
    ...(roles.size === 0
      ? ["No AIPolicy could be read, so roles are not known. Ask for get and list on aipolicies."]
      : toTable([
          ["APPROVE IN ROLE", `IN NAMESPACE ${namespace}`],
          ...Object.entries(approving).map(([role, held]) => [role, explain(held, "makes nobody an approver")]),
        ])),
    ...(authorities.size === 0
      ? []
      : [
          "",
          ...toTable([
            ["STOP AS", `IN NAMESPACE ${namespace}`, "SYSTEMS"],
            ...Object.entries(stopping).map(([name, held]) => [
              name,
              explain(held, "lets nobody stop"),
              (authorities.get(name) ?? []).join(", "),
            ]),
          ]),
        ]),
    "",
    ...toTable([
      ["GOVERN", "BY NAME"],
      ...Object.entries(governing).map(([name, held]) => [name, describeGoverning(held, isAdmin)]),
    ]),
  ];
  return { exit: 0, json: { ...identity, namespace, approving, stopping, governing }, lines };
}
