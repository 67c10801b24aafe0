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
const MAX_HOST = 255;
const MAX_REPOSITORY = 255;

/** Docker Hub, as people write it and as it is asked. */
export const HUB = { written: "docker.io", asked: "registry-1.docker.io" };

/** Whether text is a tag. */
export const isTag = (text: string): boolean => TAG.test(text);

/** Whether text is a repository. */
export const isRepository = (text: string): boolean => text.length <= MAX_REPOSITORY && REPOSITORY.test(text);

/** Whether text is a host that every reader of addresses takes as it is written: no 127.1, no 0x7f.1, no port 0443. */
export function isHost(text: string): boolean {
  if (text.length > MAX_HOST || !HOST.test(text)) return false;
  const url = URL.parse(`https://${text}`);
  return url !== null && url.host === text.replace(/:443$/, "") && url.port !== "0";
}

/** The host that is asked for a host as people write it. */
export const toAskedHost = (host: string): string => (host === HUB.written ? HUB.asked : host);

/** The other way round, as pull secrets and mirrors of nodes know it. */
export const toWrittenHost = (host: string): string => (host === HUB.asked ? HUB.written : host);

/** Docker's rules: the first part is a host if it has a dot or a port, or is localhost; Docker Hub has a library. */
function splitHost(name: string): { host: string; rest: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isNamed = /[.:[]/.test(first) || first === "localhost";
  const rest = isNamed ? name.slice(slash + 1) : name;
  const host = !isNamed || first === "index.docker.io" ? HUB.written : first;
  return { host, rest: host === HUB.written && !rest.includes("/") ? `library/${rest}` : rest };
}

/** Reads `name[:tag]`, for people who ask what a tag stands for; `latest` where there is none. Undefined where it is none. */
export function parseTagged(name: string): { host: string; repository: string; tag: string } | undefined {
  const { host, rest } = splitHost(name);
  const colon = rest.lastIndexOf(":");
  const repository = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? "latest" : rest.slice(colon + 1);
  return isHost(host) && isRepository(repository) && isTag(tag)
    ? { host: toAskedHost(host), repository, tag }
    : undefined;
}

/** Reads `name[:tag]@sha256:…`; undefined where it is none. A tag is checked and left out: the digest decides. */
export function parseReference(image: string): ImageReference | undefined {
  const [name = "", digest = "", ...more] = image.split("@");
  if (more.length > 0 || !DIGEST.test(digest)) return undefined;
  const named = parseTagged(name);
  return named === undefined ? undefined : { host: named.host, repository: named.repository, digest };
}
