/**
 * Who we are to a registry: basic authentication or a bearer token of its token service. Credentials go to the
 * registry's own host, or to a token service under the same domain over TLS, and nowhere else.
 */
import { z } from "zod";

export interface Credentials {
  username: string;
  password: string;
}

/** Gives the credentials for exactly this host, port included. */
export type FindCredentials = (host: string) => Credentials | undefined;

/** What a registry asks for in WWW-Authenticate. */
export type Challenge =
  | { scheme: "basic" }
  | { scheme: "bearer"; realm: URL; service: string | undefined; scope: string | undefined };

export const toBasic = ({ username, password }: Credentials) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** Reads the header; undefined where it asks for something that is not known. */
export function parseChallenge(header: string): Challenge | undefined {
  if (/^basic\b/i.test(header)) return { scheme: "basic" };
  if (!/^bearer\b/i.test(header)) return undefined;
  const values = new Map<string, string>();
  for (const [, name, value] of header.matchAll(/([a-z]+)="([^"]*)"/gi)) {
    if (name !== undefined && value !== undefined) values.set(name.toLowerCase(), value);
  }
  const realm = values.get("realm");
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  return { scheme: "bearer", realm: new URL(realm), service: values.get("service"), scope: values.get("scope") };
}

/** The last two labels of a host name, such as docker.io; undefined for addresses and single labels. */
function findDomain(host: string): string | undefined {
  const name = host.replace(/:\d+$/, "");
  const labels = name.split(".");
  if (labels.length < 3 || /^[\d.]+$/.test(name) || name.startsWith("[")) return undefined;
  return labels.slice(-2).join(".");
}

/** Whether the token service may see the registry's credentials. */
export function mayReceive(realm: URL, registry: URL): boolean {
  if (realm.origin === registry.origin) return true;
  const domain = findDomain(registry.host);
  return realm.protocol === "https:" && domain !== undefined && findDomain(realm.host) === domain;
}

const tokenAnswer = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/** Reads the token service's answer. */
export function parseToken(text: string): string | undefined {
  const answer = tokenAnswer.safeParse(JSON.parse(text));
  return answer.success ? (answer.data.token ?? answer.data.access_token) : undefined;
}

const dockerConfig = z.object({
  auths: z.record(
    z.string(),
    z.object({ auth: z.string().optional(), username: z.string().optional(), password: z.string().optional() }),
  ),
});

/** Reads the credentials of a `.dockerconfigjson`, by exact host. Throws where it is none. */
export function parseDockerConfig(text: string): Map<string, Credentials> {
  const found = new Map<string, Credentials>();
  for (const [address, entry] of Object.entries(dockerConfig.parse(JSON.parse(text)).auths)) {
    const host = address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
    const [user = "", ...rest] = Buffer.from(entry.auth ?? "", "base64")
      .toString("utf8")
      .split(":");
    const username = entry.username ?? user;
    const password = entry.password ?? rest.join(":");
    // Docker Hub is written as its old index host.
    if (username !== "") found.set(host === "index.docker.io" ? "registry-1.docker.io" : host, { username, password });
  }
  return found;
}
