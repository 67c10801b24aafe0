/**
 * Who we are to a registry: basic authentication or a bearer token of its token service. Credentials go to the
 * registry's own host, or to a token service under the same domain over TLS, and nowhere else.
 */
import * as z from "zod";
import { RegistryError } from "./errors.ts";
import { parseDocument } from "./strict-json.ts";

export type Credentials =
  | { type: "password"; username: string; password: string }
  /** An OAuth2 refresh token, which a token service changes for a token. */
  | { type: "identity"; identityToken: string }
  /** A bearer token that the registry takes as it is. */
  | { type: "bearer"; registryToken: string };

/** Gives the credentials for a repository of a host as the reference writes it, the best first. */
export type FindCredentials = (host: string, repository: string) => readonly Credentials[];

/** What a registry asks for in WWW-Authenticate. */
export type Challenge =
  | { scheme: "basic" }
  | { scheme: "bearer"; realm: URL; service: string | undefined; scope: string | undefined };

/** A request to a token service. */
export interface TokenRequest {
  url: URL;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
}

const MAX_CHALLENGE = 4096;
export const MAX_TOKEN = 16 * 1024;

const toBasic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

function parseRealm(text: string | undefined): URL | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const realm = new URL(text);
  const isPlain = realm.username === "" && realm.password === "";
  return isPlain && ["http:", "https:"].includes(realm.protocol) ? realm : undefined;
}

/** Reads the header; undefined where it asks for something that is not known. */
export function parseChallenge(header: string): Challenge | undefined {
  if (header.length > MAX_CHALLENGE) return undefined;
  if (/^basic\b/i.test(header)) return { scheme: "basic" };
  if (!/^bearer\b/i.test(header)) return undefined;
  const values = new Map<string, string>();
  for (const [, name, value] of header.matchAll(/\b([a-z]{1,32})="([^"]*)"/gi)) {
    if (name !== undefined && value !== undefined) values.set(name.toLowerCase(), value);
  }
  const realm = parseRealm(values.get("realm"));
  if (realm === undefined) return undefined;
  return { scheme: "bearer", realm, service: values.get("service"), scope: values.get("scope") };
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

/** What authorizes without a token service; undefined where one has to be asked, or where nothing fits. */
export function toDirect(challenge: Challenge, known: Credentials | undefined): string | undefined {
  if (known?.type === "bearer") return `Bearer ${known.registryToken}`;
  if (challenge.scheme === "basic" && known?.type === "password") return toBasic(known.username, known.password);
  return undefined;
}

/** The request for a token: with the credentials where the service may see them, else for what anybody may read. */
export function toTokenRequest(
  challenge: Extract<Challenge, { scheme: "bearer" }>,
  known: Credentials | undefined,
  registry: URL,
): TokenRequest {
  const { realm, service, scope } = challenge;
  const url = new URL(realm);
  const wanted: [string, string][] = [
    ...(service === undefined ? [] : [["service", service] as [string, string]]),
    ...(scope === undefined ? [] : [["scope", scope] as [string, string]]),
  ];
  const shown = mayReceive(realm, registry) ? known : undefined;
  if (shown?.type === "identity") {
    const form = new URLSearchParams([
      ["grant_type", "refresh_token"],
      ...wanted,
      ["client_id", "vouchsafe"],
      ["refresh_token", shown.identityToken],
    ]);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return { url, method: "POST", headers, body: form.toString() };
  }
  for (const [name, value] of wanted) url.searchParams.set(name, value);
  const headers: Record<string, string> =
    shown?.type === "password" ? { authorization: toBasic(shown.username, shown.password) } : {};
  return { url, method: "GET", headers };
}

const tokenAnswer = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/** Reads the token service's answer: a token by RFC 6750, which cannot break out of its header. */
export function parseToken(bytes: Buffer, host: string): string {
  const answer = tokenAnswer.safeParse(parseDocument(bytes, `the token of ${host}`));
  const token = answer.success ? (answer.data.token ?? answer.data.access_token) : undefined;
  if (token === undefined || token.length > MAX_TOKEN || !/^[\w.~+/-]+=*$/.test(token)) {
    throw new RegistryError("Malformed", `${host} answers with something that is no token`);
  }
  return token;
}
