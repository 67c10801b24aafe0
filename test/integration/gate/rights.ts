// RBAC for the people of the gate's tests.
import { applyObjects } from "../../harness/kubectl.ts";
import type { Lane } from "./lane.ts";

export const RBAC = "rbac.authorization.k8s.io";

/** Grants a person rights in a namespace. */
export async function grant(lane: Lane, namespace: string, user: string, rules: object[]): Promise<void> {
  const name = `r-${user.replace(/[^a-z0-9-]/g, "-")}`;
  await applyObjects(lane.kubectl, [
    { apiVersion: `${RBAC}/v1`, kind: "Role", metadata: { name, namespace }, rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup: RBAC, kind: "Role", name },
      subjects: [{ apiGroup: RBAC, kind: "User", name: user }],
    },
  ]);
}

/** Verbs on kinds of the product. */
export const own = (resources: string[], verbs: string[]) => ({ apiGroups: ["vouchsafe.dev"], resources, verbs });
/** The right to approve in a role, by its name. */
export const role = (name: string) => ({ ...own(["approvalroles"], ["use"]), resourceNames: [name] });
/** The right to stop in the name of an authority, by its name. */
export const authority = (name: string) => ({ ...own(["stopauthorities"], ["use"]), resourceNames: [name] });
/** Everything in the namespace, by wildcard. */
export const EVERYTHING = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
