/** What to do about an answer 403 of the API server, which names what is lacking but not who can grant it. */

const LACKING = /cannot (?<verb>\S+) resource "(?<resource>[^"]+)"[^]*?(?: in the namespace "(?<namespace>[^"]+)"|$)/;

/** Adds who can grant what RBAC lacks; what a policy refuses says that by itself. */
export function adviseGrant(message: string): string {
  const { verb, resource, namespace } = LACKING.exec(message)?.groups ?? {};
  if (verb === undefined || resource === undefined) return message;
  const who =
    namespace === undefined ? "write ClusterRoles, such as administrators," : `write Roles in namespace ${namespace}`;
  return `${message}\nWhoever may ${who} can grant ${verb} on ${resource}; examples/voice/people.yaml shows Roles.`;
}
