/**
 * Credentials of pull secrets, chosen as the kubelet chooses them: an entry fits by host (a * stands for a part of one
 * label), by port and by the beginning of the path; the longest path comes first, and every entry that fits is tried.
 * What a pull secret holds is text of whoever writes it, and no error here tells any of it.
 */
import * as z from "zod";
import { parseJson } from "../decode.ts";
import type { Credentials } from "./authorization.ts";
import { HUB } from "./reference.ts";

/** One entry of a docker config. */
export interface PullSecret {
  /** Host with port, and the beginning of a path; without a scheme. */
  address: string;
  credentials: Credentials;
}

/** All that one side has, such as a namespace; what the next side has is tried after it. */
export type Keyring = readonly PullSecret[];

/** A Secret as Kubernetes has it, decoded. */
export interface StoredSecret {
  type: string;
  data: Readonly<Record<string, string>>;
}

/** Most entries of one pull secret. */
export const MAX_ENTRIES = 1000;

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});
const entries = z.record(z.string(), entry);
const dockerConfig = z.object({ auths: z.unknown() });
const userConfig = z.object({ auths: z.unknown().default({}) });

/** What RFC 6750 lets a token be: one that is not could not be sent in a header. */
const TOKEN = /^[\w.~+/-]+=*$/;

function parseAuth(auth: string): { username: string; password: string } {
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) throw new Error("auth is not the base64 of username:password");
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function toCredentials(found: z.output<typeof entry>): Credentials | undefined {
  if (found.registrytoken) {
    if (!TOKEN.test(found.registrytoken)) throw new Error("registrytoken is no bearer token");
    return { type: "bearer", registryToken: found.registrytoken };
  }
  if (found.identitytoken) return { type: "identity", identityToken: found.identitytoken };
  // As for the kubelet, auth goes before username and password.
  const { username = "", password = "" } = found.auth ? parseAuth(found.auth) : found;
  return username === "" ? undefined : { type: "password", username, password };
}

/** The address without its scheme and query, and without the v1 and v2 that docker puts before paths. */
function toAddress(key: string): string {
  const bare = key.replace(/^https?:\/\//, "").replace(/[?#].*$/, "");
  const slash = bare.indexOf("/");
  if (slash < 0) return bare;
  const path = bare.slice(slash).replace(/^\/v[12]\//, "/");
  return path === "/" ? bare.slice(0, slash) : bare.slice(0, slash) + path;
}

function toSecrets(auths: unknown): PullSecret[] {
  if (typeof auths === "object" && auths !== null && Object.keys(auths).length > MAX_ENTRIES) {
    throw new Error(`it has more than ${MAX_ENTRIES} entries`);
  }
  return Object.entries(entries.parse(auths)).flatMap(([key, one]) => {
    const credentials = toCredentials(one);
    return credentials === undefined ? [] : [{ address: toAddress(key), credentials }];
  });
}

/** Reads a docker config. Throws where it is none. */
export const parseDockerConfig = (text: string): PullSecret[] =>
  toSecrets(dockerConfig.parse(parseJson(Buffer.from(text))).auths);

/** Reads the docker config of a person, who may have other settings there and no credentials. Throws where it is none. */
export const parseUserConfig = (text: string): PullSecret[] =>
  toSecrets(userConfig.parse(parseJson(Buffer.from(text))).auths);

/** Reads a pull secret of the present or of the older type, as its type says. Throws where it is neither. */
export function parsePullSecret({ type, data }: StoredSecret): PullSecret[] {
  const config = data[".dockerconfigjson"];
  if (type === "kubernetes.io/dockerconfigjson" && config !== undefined) return parseDockerConfig(config);
  const older = data[".dockercfg"];
  if (type === "kubernetes.io/dockercfg" && older !== undefined) return toSecrets(parseJson(Buffer.from(older)));
  throw new Error("it is of neither type of pull secrets");
}

/** Whether a label fits a pattern in which * stands for any text. Takes the first place that fits, so it is linear. */
function fitsLabel(pattern: string, label: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return first === label;
  if (label.length < first.length + last.length || !label.startsWith(first) || !label.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = label.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= label.length - last.length;
}

const splitPort = (host: string) => {
  const port = /:(\d+)$/.exec(host)?.[1] ?? "";
  return { name: port === "" ? host : host.slice(0, -port.length - 1), port };
};

/** Whether an address of a pull secret is for an image, as host and repository. */
export function fitsAddress(address: string, host: string, repository: string): boolean {
  const slash = address.indexOf("/");
  const path = slash < 0 ? "" : address.slice(slash);
  if (!`/${repository}`.startsWith(path)) return false;
  const wanted = splitPort(slash < 0 ? address : address.slice(0, slash));
  const asked = splitPort(host);
  const patterns = wanted.name.split(".");
  const labels = asked.name.split(".");
  if (wanted.port !== asked.port || patterns.length !== labels.length) return false;
  return labels.every((label, index) => fitsLabel(patterns[index] ?? "", label));
}

/** Docker Hub, as docker writes it into its config. */
const HUB_IN_CONFIG = "index.docker.io";

/** Most credentials that are tried for one image. */
export const MAX_TRIED = 8;

function findIn(keyring: Keyring, host: string, repository: string): Credentials[] {
  const choose = (fits: (address: string) => boolean) =>
    keyring
      .filter(({ address }) => fits(address))
      // Reversed, as text: of two addresses of one host the longer path comes first.
      .toSorted((a, b) => (a.address < b.address ? 1 : a.address > b.address ? -1 : 0))
      .map(({ credentials }) => credentials);
  if (host !== HUB.asked) return choose((address) => fitsAddress(address, host, repository));
  const written = choose((address) => fitsAddress(address, HUB.written, repository));
  return written.length > 0 ? written : choose((address) => [HUB_IN_CONFIG, HUB.asked].includes(address));
}

/** Finds what to try for an image, in the kubelet's order: keyring by keyring, as it asks its own after the pod's. */
export const findCredentials = (keyrings: readonly Keyring[], host: string, repository: string): Credentials[] =>
  keyrings.flatMap((keyring) => findIn(keyring, host, repository)).slice(0, MAX_TRIED);
