/** The commands that verify without a cluster, as commander sees them. */
import { type Command, Option } from "commander";
import type { Answer, Machine } from "../session.ts";
import type { SignModelOptions } from "./sign-model.ts";
import type { VerifyBundleOptions } from "./verify-bundle.ts";
import type { VerifyImageOptions } from "./verify-image.ts";
import type { VerifyModelOptions } from "./verify-model.ts";

/** Runs what needs no cluster. */
export type LocalRunner = (act: (machine: Machine) => Promise<Answer>) => Promise<void>;

/** Adds the commands. What they do is loaded when it is asked for: the other commands start without it. */
export function addVerification(program: Command, run: LocalRunner): void {
  program
    .command("verify-bundle <file-or-digest>")
    .description("verify a Sigstore bundle over a file, or over a digest such as sha256:…; offline, without a cluster")
    .requiredOption("--bundle <file>", "the bundle (.sigstore.json)")
    .option("--certificate-identity <name>", "who has to have signed, letter by letter: an address or a workflow's URI")
    .option("--certificate-oidc-issuer <url>", "who has to vouch for that name")
    .option("--key <pem>", "public key of the signer, instead of a name")
    .option(
      "--without-log-entry",
      "with --key: the key alone is enough, as for verify-image; entries in a log that are there have to hold",
    )
    .option("--trusted-root <file>", "trusted_root.json; that of Sigstore's public-good instance where it is left out")
    .option("--staging", "Sigstore's staging instance; needs its --trusted-root")
    .addHelpText(
      "after",
      `
Chain, certificate log, transparency log, timestamps and signature have to hold under the trusted root. A bundle by key needs
an entry in a transparency log too, as with cosign, unless --without-log-entry is given. Exit status: 0 verified; 1 refused; 2
usage or environment. docs/refusals.md tells what each code means.

  vouchsafe verify-bundle --bundle model.sigstore.json --certificate-identity ml@acme.example \\
    --certificate-oidc-issuer https://accounts.acme.example model.safetensors`,
    )
    .action((artifact: string, options: VerifyBundleOptions) =>
      run(async () => (await import("./verify-bundle.ts")).runVerifyBundle(artifact, options)),
    );

  const repeatable = (flags: string, description: string) =>
    new Option(flags, description)
      .argParser((value: string, before: string[]) => [...before, value])
      .default([], "none");
  program
    .command("verify-image <image>")
    .description("verify the signatures beside an image or model in its registry, as the gate does; without a cluster")
    .addOption(repeatable("--key <pem>", "public key of a signer; may be repeated, and one of them is enough"))
    .option("--certificate-identity <name>", "who has to have signed, letter by letter: an address or a workflow's URI")
    .option("--certificate-identity-pattern <re2>", "the same as a regular expression over the whole name")
    .option("--certificate-oidc-issuer <url>", "who has to vouch for that name (keyless)")
    .option("--trusted-root <file>", "trusted_root.json; that of Sigstore's public-good instance where it is left out")
    .option("--ca-roots <pem>", "authorities of a signer with a certificate; those that issued themselves are trusted")
    .option("--crl <pem>", "their revocation lists: with any, each authority needs a current one")
    .option(
      "--timestamp-authority <pem>",
      "time-stamping authorities (RFC 3161), with --ca-roots: a signature with timestamps of theirs is judged at their time",
    )
    .addOption(
      repeatable("--attestation <type>", "predicate type of a statement that is asked for too; may be repeated"),
    )
    .option("--model", "ask for a signature over the model's files too (OpenSSF Model Signing)")
    .option("--model-path <path>", "the folder of an image or ModelKit that is the model; models in an image")
    .addOption(repeatable("--insecure-registry <host>", "a registry that is asked without TLS; may be repeated"))
    .option("--ca-file <pem>", "authorities that are trusted for the registry's own certificate, beside the usual ones")
    .option("--docker-config <file>", "credentials; ~/.docker/config.json where it is left out and exists")
    .addHelpText(
      "after",
      `
A tag is looked up once; the digest that was verified is printed, and is what to deploy. Exit status: 0 verified; 1 refused; 2
usage or environment, such as a registry that fails. docs/refusals.md tells what each code means.

  vouchsafe verify-image registry.example/voice-gate:v5 --key pipeline.pub
  vouchsafe verify-image registry.example/voice-gate:v5 --certificate-oidc-issuer https://token.actions.githubusercontent.com \\
    --certificate-identity https://github.com/acme/voice/.github/workflows/release.yml@refs/tags/v5`,
    )
    .action((image: string, options: VerifyImageOptions) =>
      run(async (machine) => (await import("./verify-image.ts")).runVerifyImage(image, options, machine)),
    );
  const methods = (...choices: string[]) =>
    new Option("--method <method>", "how it is signed").choices(choices).makeOptionMandatory();
  program
    .command("verify-model")
    .description("verify a model on disk by its OpenSSF model signature (model.sig); offline, without a cluster")
    .addOption(methods("key", "certificate", "sigstore"))
    .requiredOption("--model-path <path>", "the model: a folder, or one file")
    .requiredOption("--bundle <file>", "the signature")
    .option("--public-key <pem>", "method key: the signer's public key")
    .addOption(
      repeatable(
        "--cert-chain <pem>",
        "method certificate: the root that is trusted and what lies between; may be repeated",
      ),
    )
    .option(
      "--timestamp-authority <pem>",
      "method certificate: time-stamping authorities (RFC 3161); a signature with timestamps of theirs is judged at their time",
    )
    .option(
      "--certificate-identity <name>",
      "method certificate: a name that the signer's certificate has to carry, letter by letter; without it anybody's counts for whom the root vouches",
    )
    .option("--identity <name>", "method sigstore: who has to have signed, letter by letter")
    .option("--identity-provider <url>", "method sigstore: who has to vouch for that name")
    .option(
      "--trusted-root <file>",
      "method sigstore: trusted_root.json; the public-good instance's where it is left out",
    )
    .addOption(repeatable("--ignore-paths <path>", "a path of the model that is not looked at; may be repeated"))
    .option("--ignore-unsigned-files", "let files lie beside the signed ones that were not signed")
    .option("--accept-v0-signatures", "accept signatures of model_signing 0.2 too, whose encoding is not that of DSSE")
    .addHelpText(
      "after",
      `
The disk has to hold exactly what was signed: each file by its digest, none missing, none beside them, no symbolic link. Git's
own at its top (.git, .gitattributes, .github, .gitignore) are no part of a model: what of it is there is told as left out.
Exit status: 0 verified; 1 refused; 2 usage or environment. docs/refusals.md tells what each code means.

  vouchsafe verify-model --method key --model-path silero-vad --bundle model.sig --public-key pipeline.pub`,
    )
    .action((options: VerifyModelOptions) =>
      run(async () => (await import("./verify-model.ts")).runVerifyModel(options)),
    );
  program
    .command("sign-model")
    .description("sign a model on disk as OpenSSF Model Signing v1.0 has it; offline, without a cluster")
    .addOption(methods("key", "certificate", "sigstore"))
    .requiredOption("--model-path <path>", "the model: a folder, or one file")
    .requiredOption("--output-bundle <file>", "where to write the signature, such as model.sig")
    .option("--private-key <pem>", "methods key and certificate: the key, on P-256, P-384 or P-521")
    .option("--signing-cert <pem>", "method certificate: the key's certificate")
    .addOption(
      repeatable("--cert-chain <pem>", "method certificate: what lies between it and its root; may be repeated"),
    )
    .addOption(
      repeatable("--ignore-paths <path>", "a path of the model that is left out, and recorded so; may be repeated"),
    )
    .addHelpText(
      "after",
      `
Signs whole files by their SHA-256. A certificate of another key is not signed with; one that verify-model refuses is warned of.
By sigstore nothing is signed here: that takes a login in a browser, which model_signing opens. Exit status: 0 signed; 1 refused;
2 usage or environment. docs/verifying.md shows the same by model_signing and cosign.

  vouchsafe sign-model --method key --model-path silero-vad --output-bundle model.sig --private-key pipeline.key`,
    )
    .action((options: SignModelOptions) => run(async () => (await import("./sign-model.ts")).runSignModel(options)));
}
