/**
 * Credentials of pull secrets, chosen as the kubelet chooses them: an entry fits by host (a * stands for a part of one
 * label), by port and by the beginning of the path; the longest path comes first, and every entry that fits is tried.
 */
import { z } from "zod";
import { parseJson } from "../decode.ts";
import type { Credentials } from "./authorization.ts";
import { HUB } from "./reference.ts";

/** One entry of a docker config. */
export interface PullSecret {
  /** Host with port, and the beginning of a path; without a scheme. */
  address: string;
  credentials: Credentials;
}

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});
const auths = z.record(z.string(), entry);
const dockerConfig = z.object({ auths });

function parseAuth(auth: string): { username: string; password: string } {
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) throw new Error("auth is not the base64 of username:password");
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function toCredentials(found: z.output<typeof entry>): Credentials | undefined {
  if (found.registrytoken) return { type: "bearer", registryToken: found.registrytoken };
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

const toSecrets = (found: z.output<typeof auths>): PullSecret[] =>
  Object.entries(found).flatMap(([key, one]) => {
    const credentials = toCredentials(one);
    return credentials === undefined ? [] : [{ address: toAddress(key), credentials }];
  });

/** Reads the data of a Secret of type dockerconfigjson or of the older dockercfg. Throws where it is neither. */
export function parsePullSecret(data: Readonly<Record<string, string>>): PullSecret[] {
  const config = data[".dockerconfigjson"];
  if (config !== undefined) return toSecrets(dockerConfig.parse(parseJson(Buffer.from(config))).auths);
  return toSecrets(auths.parse(parseJson(Buffer.from(data[".dockercfg"] ?? ""))));
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
const MAX_TRIED = 8;

/** Finds what to try for an image, in the kubelet's order. */
export function findCredentials(secrets: readonly PullSecret[], host: string, repository: string): Credentials[] {
  const choose = (fits: (address: string) => boolean) =>
    secrets
      .filter(({ address }) => fits(address))
      // Reversed, as text: of two addresses of one host the longer path comes first.
      .toSorted((a, b) => (a.address < b.address ? 1 : a.address > b.address ? -1 : 0))
      .slice(0, MAX_TRIED)
      .map(({ credentials }) => credentials);
  if (host !== HUB.asked) return choose((address) => fitsAddress(address, host, repository));
  const written = choose((address) => fitsAddress(address, HUB.written, repository));
  return written.length > 0 ? written : choose((address) => [HUB_IN_CONFIG, HUB.asked].includes(address));
}
