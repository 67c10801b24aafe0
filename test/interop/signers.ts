// Keys on each curve, and certificates for them, made by openssl.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const CURVES = ["prime256v1", "secp384r1", "secp521r1"] as const;
export type Curve = (typeof CURVES)[number];

const AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
const SIGNER = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n";

/** Writes `CURVE.key`, `.pub` and `.pem` into a folder, and `between.pem` and `root.pem` that they lead to. */
export function makeSigners(folder: string): void {
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const makeKey = (name: string, curve: string) => {
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", `ec_paramgen_curve:${curve}`, "-out", `${name}.key`);
    openssl("pkey", "-in", `${name}.key`, "-pubout", "-out", `${name}.pub`);
  };
  const issue = (name: string, issuer: string, extensions: string) => {
    writeFileSync(join(folder, "extensions"), extensions);
    openssl("req", "-new", "-key", `${name}.key`, "-subj", `/CN=${name}`, "-out", "request");
    const by = ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`, "-CAcreateserial", "-extfile", "extensions"];
    openssl("x509", "-req", "-in", "request", ...by, "-days", "30", "-out", `${name}.pem`);
  };
  for (const name of ["root", "between"]) makeKey(name, "secp384r1");
  openssl("req", "-x509", "-key", "root.key", "-subj", "/CN=root", "-days", "30", "-out", "root.pem");
  issue("between", "root", AUTHORITY);
  for (const curve of CURVES) {
    makeKey(curve, curve);
    issue(curve, "between", SIGNER);
  }
}
