/** References to images in registries, by the grammar of the OCI distribution specification and of Docker's short names. */

export interface ImageReference {
  /** Host of the registry with port, as it is asked. */
  host: string;
  repository: string;
  digest: string;
}

const HOST =
  /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[a-f0-9]{64}$/;

/** Docker's rule: the first part is a host if it has a dot or a port, or is localhost. */
function splitHost(name: string): { host: string; rest: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  if (/[.:[]/.test(first) || first === "localhost") return { host: first, rest: name.slice(slash + 1) };
  return { host: "docker.io", rest: slash < 0 ? `library/${name}` : name };
}

/** Reads `name[:tag]@sha256:…`; undefined where it is none. A tag is checked and left out: the digest decides. */
export function parseReference(image: string): ImageReference | undefined {
  const [name = "", digest = "", ...more] = image.split("@");
  if (more.length > 0 || !DIGEST.test(digest)) return undefined;
  const { host, rest } = splitHost(name);
  const colon = rest.lastIndexOf(":");
  const repository = colon < 0 ? rest : rest.slice(0, colon);
  if (colon >= 0 && !TAG.test(rest.slice(colon + 1))) return undefined;
  if (!HOST.test(host) || !REPOSITORY.test(repository) || repository.length > 255) return undefined;
  return { host: host === "docker.io" ? "registry-1.docker.io" : host, repository, digest };
}
