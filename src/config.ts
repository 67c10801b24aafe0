/** The settings of the operator: the only place that reads the environment. docs/configuration.md is generated from here. */
import { hostname } from "node:os";
import { z } from "zod";

const list = z
  .string()
  .default("")
  .transform((text) => text.split(",").filter((entry) => entry !== ""));

const settings = z.object({
  VOUCHSAFE_NAMESPACE: z.string().min(1).describe("Namespace of the operator; its gate never governs it."),
  VOUCHSAFE_LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info").describe("What is logged."),
  VOUCHSAFE_HOST: z.string().default("0.0.0.0").describe("Address of probes and metrics."),
  VOUCHSAFE_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .describe("Port of probes and metrics; 0 for any."),
  VOUCHSAFE_IDENTITY: z.string().default("").describe("Name in the leader lease; the host's name where it is empty."),
  VOUCHSAFE_PULL_SECRETS: list.describe(
    "Secrets of the operator's namespace (dockerconfigjson) to read registries with.",
  ),
  VOUCHSAFE_GITHUB_SECRET: z
    .string()
    .default("")
    .describe(
      "Secret of the operator's namespace with `token`, or `appId`, `installationId` and `privateKey`, to open revert pull requests and read reviews with; none where it is empty.",
    ),
  VOUCHSAFE_GITHUB_URL: z
    .string()
    .default("https://api.github.com")
    .describe("Address of GitHub's API; https://HOST/api/v3 for a server of your own."),
  VOUCHSAFE_INSECURE_REGISTRIES: list.describe("Registries as host:port that are asked without TLS. For tests only."),
});

/** Every setting as the documentation shows it. */
export const SETTINGS = Object.entries(settings.shape).map(([name, schema]) => ({
  name,
  description: schema.description ?? "",
}));

export interface Config {
  namespace: string;
  logLevel: "debug" | "info" | "warn" | "error";
  host: string;
  port: number;
  identity: string;
  pullSecrets: string[];
  insecureRegistries: string[];
  /** Secret with the credential; undefined where nothing is done on GitHub. */
  githubSecret: string | undefined;
  githubUrl: string;
}

/** Reads the settings. Throws a sentence that names every setting that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const parsed = settings.safeParse(env);
  if (!parsed.success)
    throw new Error(`settings of the operator: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  const values = parsed.data;
  return {
    namespace: values.VOUCHSAFE_NAMESPACE,
    logLevel: values.VOUCHSAFE_LOG_LEVEL,
    host: values.VOUCHSAFE_HOST,
    port: values.VOUCHSAFE_PORT,
    identity: values.VOUCHSAFE_IDENTITY === "" ? `${hostname()}-${process.pid}` : values.VOUCHSAFE_IDENTITY,
    pullSecrets: values.VOUCHSAFE_PULL_SECRETS,
    insecureRegistries: values.VOUCHSAFE_INSECURE_REGISTRIES,
    githubSecret: values.VOUCHSAFE_GITHUB_SECRET === "" ? undefined : values.VOUCHSAFE_GITHUB_SECRET,
    githubUrl: values.VOUCHSAFE_GITHUB_URL,
  };
}
