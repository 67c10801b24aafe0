// What is mutated, in groups, and which quick tests each group is held to: the code whose error would let something pass
// that must not. docs/mutation.md says why these files and not others.

export interface Group {
  name: string;
  /** Globs of files, from the root of the repository. */
  mutate: string[];
  /** Test files, from the root of the repository. */
  tests: string[];
}

const adapters = (...names: string[]) => names.map((name) => `test/unit/adapters/${name}.test.ts`);
const domain = (...names: string[]) => names.map((name) => `test/unit/domain/${name}.test.ts`);
const decisions = (...names: string[]) => names.map((name) => `src/domain/${name}.ts`);
const packing = (...names: string[]) => names.map((name) => `src/adapters/model-artifact/${name}.ts`);

export const GROUPS: readonly Group[] = [
  {
    name: "sigstore",
    mutate: ["src/adapters/sigstore/*.ts", "!src/adapters/sigstore/public-good.ts"],
    tests: [
      ...adapters(
        "signing-certificate",
        "light-certificate",
        "read-bundle",
        "trusted-root",
        "log-entry",
        "authority",
        "bundle-by-key",
        "compute-once",
        "corpus",
      ),
      ...adapters("private-sigstore", "signatures", "model-sigstore"),
      "test/unit/cli/verify.test.ts",
    ],
  },
  {
    name: "signatures",
    // What runs in threads of its own is out of the reach of mutants: plumbing alone.
    mutate: [
      "src/adapters/signatures/*.ts",
      "!src/adapters/signatures/judge-pool.ts",
      "!src/adapters/signatures/judge-worker.ts",
      "src/adapters/in-toto.ts",
    ],
    tests: adapters("candidate", "claim", "collect", "believe", "signatures", "corpus", "unread-weights"),
  },
  {
    name: "certificates",
    mutate: ["src/adapters/certificates/*.ts"],
    tests: adapters(
      "name-constraints",
      "path-rules",
      "light-certificate",
      "model-certificates",
      "timestamps",
      "timestamp-rules",
      "authority",
      "corpus",
    ),
  },
  {
    name: "decisions",
    mutate: decisions(
      "count-signers",
      "identities",
      "judge-content",
      "judge-formats",
      "judge-release",
      "judge-signatures",
      "pem",
      "public-keys",
      "revocations",
      "revoked-signers",
      "signers",
      "trust",
      "verified-artifacts",
    ),
    tests: [
      ...domain(
        "trust",
        "revocations",
        "lacking-signatures",
        "judge-release",
        "count-signers",
        "judge-formats",
        "judge-signatures",
        "signers",
        "evaluate",
      ),
      "test/unit/gate/compile-warrant.test.ts",
    ],
  },
  {
    name: "model-signing",
    mutate: ["src/adapters/model-signing/*.ts"],
    tests: [
      ...adapters("model-signing", "model-signed", "model-signers", "model-bundles", "model-resources"),
      ...adapters("model-deviations", "model-legacy", "model-sigstore", "model-hashing", "model-disk", "corpus"),
      // When a certificate was valid, by a timestamp.
      "test/unit/cli/verify.test.ts",
    ],
  },
  {
    name: "model-artifact",
    mutate: packing("match-artifact", "match-files", "merge-layers", "model-digest", "paths", "path-set"),
    // Not model-artifact-bounds, which times: what is instrumented takes longer.
    tests: adapters(
      "model-artifact",
      "model-artifact-digest",
      "model-artifact-paths",
      "model-artifact-tar",
      "unread-weights",
    ),
  },
];
