/** Who the API server takes you for, and which rights you hold by name. kubectl auth can-i misleads here. */
import { GROUP } from "../api/kind.ts";
import type { Session } from "./session.ts";

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

/** The user as records name it; the API server checks it, and stamps it where it can. */
export async function readStamp(session: Session): Promise<{ username: string; uid?: string }> {
  const { username, uid } = await readIdentity(session);
  return { username, ...(uid === undefined || uid === "" ? {} : { uid }) };
}

interface Attributes {
  group: string;
  resource: string;
  name?: string;
  namespace?: string;
}

async function isAllowed({ client }: Session, attributes: Attributes): Promise<boolean> {
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: { ...attributes, verb: "use" } },
  };
  const path = ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"];
  return (await client.post<{ status: { allowed: boolean } }>(path, body)).status.allowed;
}

/** How a right is held. */
export type Held = "yes" | "no" | "wildcard";

/** Whether a right is held by name: who may also use the reserved name holds a wildcard, which counts for nothing. */
export async function holdsByName(session: Session, resource: string, name: string, namespace?: string): Promise<Held> {
  const scope = { group: GROUP, resource, ...(namespace === undefined ? {} : { namespace }) };
  if (!(await isAllowed(session, { ...scope, name }))) return "no";
  return (await isAllowed(session, { ...scope, name: "not-a-role" })) ? "wildcard" : "yes";
}

/** Whether the user is an administrator of everything, as the policies ask; a ServiceAccount is none. */
export async function isFullAdmin(session: Session, { username }: Identity): Promise<boolean> {
  if (username.startsWith("system:serviceaccount:")) return false;
  return isAllowed(session, { group: `reserved.${GROUP}`, resource: "reserved" });
}
