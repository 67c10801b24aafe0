/** Files that the verifying commands are given. What cannot be read is a fault of usage, told with its path. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { readPublicGoodRoot } from "../../adapters/sigstore/public-good.ts";
import { parseTrustedRoot } from "../../adapters/sigstore/trusted-root.ts";
import { splitPem } from "../../domain/pem.ts";
import { isSystemFault, sayFault } from "../say-fault.ts";
import { UsageError } from "../session.ts";

const MAX_PEM_BYTES = 1024 * 1024;
const MAX_ROOT_BYTES = 32 * 1024 * 1024;

/** Reads a file of at most `most` bytes. */
export async function readSmall(what: string, path: string, most: number): Promise<Buffer> {
  try {
    const status = await stat(path);
    if (!status.isFile())
      throw new UsageError(`${what} ${path} ${status.isDirectory() ? "is a folder, no file" : "is no file"}`);
    if (status.size > most) throw new UsageError(`${what} ${path} is larger than ${most} bytes`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${what} ${path} ${sayFault(error)}`);
  }
}

/** A public key in PEM. */
export async function readPublicKey(path: string): Promise<KeyObject> {
  const pem = await readSmall("the key", path, MAX_PEM_BYTES);
  // Node would derive a key from either: who verifies has no private key, and a certificate says more than its key.
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/m.test(pem.toString("latin1"))) {
    throw new UsageError(
      `the key ${path} is a private key, which is the signer's alone; its public part: openssl pkey -in ${path} -pubout`,
    );
  }
  if (pem.includes("-----BEGIN CERTIFICATE-----"))
    throw new UsageError(`the key ${path} is a certificate, whose key alone says nothing of who issued it`);
  try {
    return createPublicKey(pem);
  } catch {
    throw new UsageError(`the key ${path} is no public key in PEM`);
  }
}

/** A private key in PEM, without a password. What Node says of one that does not parse is not repeated. */
export async function readPrivateKey(path: string): Promise<KeyObject> {
  const pem = await readSmall("the key", path, MAX_PEM_BYTES);
  if (/^-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----/m.test(pem.toString("latin1"))) {
    throw new UsageError(
      `the key ${path} is one that cosign encrypted, which cosign alone reads: make one by openssl, and give that to cosign too (cosign import-key-pair --key FILE)`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new UsageError(
      `the key ${path} is no private key in PEM without a password; to take one off: openssl pkey -in ${path} -out FILE`,
    );
  }
}

/** All certificates of a PEM file, as DER. */
export async function readCertificates(path: string): Promise<Buffer[]> {
  const text = (await readSmall("the certificate", path, MAX_PEM_BYTES)).toString("utf8");
  const blocks = splitPem(text, "CERTIFICATE");
  try {
    if (blocks !== undefined) return blocks.map((pem) => new X509Certificate(pem).raw);
  } catch {
    // Told below.
  }
  throw new UsageError(`${path} holds no certificate in PEM, or something besides: certificates alone are wanted`);
}

/** A trusted_root.json; that of the public-good instance where none is named. */
export async function readRoot(path: string | undefined) {
  if (path === undefined) return parseTrustedRoot(readPublicGoodRoot());
  const text = (await readSmall("the trusted root", path, MAX_ROOT_BYTES)).toString("utf8");
  try {
    return parseTrustedRoot(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : "";
    throw new UsageError(`${path} is no trusted_root.json: ${why}`);
  }
}

/** Has `act` fail with a fault of usage where the model cannot be read. */
export async function onDisk<T>(model: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (isSystemFault(error)) throw new UsageError(`${error.path ?? `the model ${model}`} ${sayFault(error)}`);
    throw error;
  }
}
