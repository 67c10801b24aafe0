/** Who we are to GitHub: a token, or the private key of a GitHub App. Read from a Secret, and never shown again. */
import { createPrivateKey, createSign, type KeyObject } from "node:crypto";
import { toFailure } from "./errors.ts";

export type Credential =
  | { kind: "token"; token: string }
  | { kind: "app"; appId: string; installationId: number; key: KeyObject };

const TOKEN = /^[\x21-\x7e]{8,512}$/;
const APP_ID = /^[A-Za-z0-9.]{1,64}$/;
const INSTALLATION_ID = /^[1-9][0-9]{0,14}$/;
/** GitHub takes no JWT that lives longer than ten minutes; its clock may be a little behind ours. */
const JWT_SECONDS = 540;
const CLOCK_SKEW_SECONDS = 60;

const broken = (why: string) => toFailure("the Secret with the GitHub credential", { code: "Invalid" }, why);

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "rsa") return key;
  } catch {
    // What Node says of a key that does not parse is not repeated.
  }
  throw broken("privateKey is no RSA key in PEM");
}

/** Reads the decoded members of the Secret: `token`, or `appId`, `installationId` and `privateKey`. */
export function parseCredential(data: Readonly<Record<string, string>>): Credential {
  const token = data.token?.trim();
  if (token !== undefined) {
    if (!TOKEN.test(token)) throw broken("token is no token");
    return { kind: "token", token };
  }
  const { appId = "", installationId = "", privateKey = "" } = data;
  if (!APP_ID.test(appId.trim())) throw broken("it holds neither token nor appId");
  if (!INSTALLATION_ID.test(installationId.trim())) throw broken("installationId is no number");
  return {
    kind: "app",
    appId: appId.trim(),
    installationId: Number(installationId.trim()),
    key: readKey(privateKey),
  };
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The JWT by which a GitHub App names itself (RS256, RFC 7519). */
export function signAppToken({ appId, key }: Extract<Credential, { kind: "app" }>, now: number): string {
  const seconds = Math.floor(now / 1000);
  const claims = { iat: seconds - CLOCK_SKEW_SECONDS, exp: seconds + JWT_SECONDS, iss: appId };
  const text = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
}
