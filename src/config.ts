/** The settings of the operator: the only place that reads the environment. docs/configuration.md is generated from here. */
import { hostname } from "node:os";
import * as z from "zod";
import { type ProxySettings, readProxies } from "./adapters/registry/proxies.ts";

const list = z
  .string()
  .default("")
  .transform((text) => text.split(",").filter((entry) => entry !== ""));

const mirrors = z.array(
  z.strictObject({
    registry: z.string().min(1),
    mirrors: z.array(z.string().min(1)).min(1).max(4),
    only: z.boolean().default(false),
  }),
);

/** Names of objects; an empty list would be no right to RBAC, but all of them. */
const names = z.array(z.string().min(1)).min(1).max(16);
const openedNamespaces = z
  .array(
    z.strictObject({
      namespace: z.string().min(1),
      serviceAccounts: names.default(["default"]),
      secrets: names,
    }),
  )
  .refine((all) => new Set(all.map(({ namespace }) => namespace)).size === all.length, "names a namespace twice");

/** JSON in text; an empty text stands for an empty list. */
const listText = z
  .string()
  .default("")
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text === "" ? "[]" : text);
    } catch {
      context.addIssue({ code: "custom", message: "is no JSON" });
      return z.NEVER;
    }
  });

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
    "Secrets of the operator's namespace (dockerconfigjson or dockercfg) to read registries with.",
  ),
  VOUCHSAFE_NAMESPACE_PULL_SECRETS: listText
    .pipe(openedNamespaces)
    .describe(
      "Pull secrets of other namespaces, as JSON: `[{namespace, serviceAccounts, secrets}]`; each is used for its own namespace alone.",
    ),
  VOUCHSAFE_REGISTRY_MIRRORS: listText
    .pipe(mirrors)
    .describe("Mirrors of registries, as JSON: `[{registry, mirrors: [HOST[:PORT][/REPOSITORY]], only}]`."),
  VOUCHSAFE_REGISTRY_CA_FILE: z
    .string()
    .default("")
    .describe("File with certificates in PEM that are trusted for registries, besides those of Node."),
  // Read by the adapter, as for the command; they stand here to be documented.
  HTTPS_PROXY: z.unknown().default("").describe("Proxy for registries that are asked by TLS; also as `https_proxy`."),
  HTTP_PROXY: z
    .unknown()
    .default("")
    .describe("Proxy for registries that are asked without TLS; also as `http_proxy`."),
  NO_PROXY: z
    .unknown()
    .default("")
    .describe("Hosts, domains and ranges that are asked without a proxy; also as `no_proxy`."),
  VOUCHSAFE_LAYERS_FOLDER: z
    .string()
    .default("")
    .describe(
      "Folder of the operator alone that keeps what was found in layers of models, so that it need not be read again after a restart; up to 64 MiB in 4096 files. Nothing is kept where it is empty.",
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

/** A setting as the documentation shows it. `fallback`: what it is where nobody sets it; undefined where it has to be set. */
export interface Setting {
  name: string;
  description: string;
  fallback: string | undefined;
}

function findFallback(schema: z.ZodType): string | undefined {
  const { default: fallback } = z.toJSONSchema(schema, { io: "input" });
  return fallback === undefined ? undefined : String(fallback as string | number);
}

/** Every setting. */
export const listSettings = (): Setting[] =>
  Object.entries(settings.shape).map(([name, schema]) => ({
    name,
    description: schema.description ?? "",
    fallback: findFallback(schema),
  }));

export interface Config {
  namespace: string;
  logLevel: "debug" | "info" | "warn" | "error";
  host: string;
  port: number;
  identity: string;
  pullSecrets: string[];
  /** Pull secrets of other namespaces that may be read for them. */
  namespacePullSecrets: z.output<typeof openedNamespaces>;
  insecureRegistries: string[];
  registryMirrors: z.output<typeof mirrors>;
  /** File in PEM; undefined where only Node's own authorities are trusted. */
  registryCaFile: string | undefined;
  /** Proxies for registries; empty for none. */
  proxy: ProxySettings;
  /** Folder for what was found in layers; undefined where it is kept in memory alone. */
  layersFolder: string | undefined;
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
    namespacePullSecrets: values.VOUCHSAFE_NAMESPACE_PULL_SECRETS,
    insecureRegistries: values.VOUCHSAFE_INSECURE_REGISTRIES,
    registryMirrors: values.VOUCHSAFE_REGISTRY_MIRRORS,
    registryCaFile: values.VOUCHSAFE_REGISTRY_CA_FILE === "" ? undefined : values.VOUCHSAFE_REGISTRY_CA_FILE,
    proxy: readProxies(env),
    layersFolder: values.VOUCHSAFE_LAYERS_FOLDER === "" ? undefined : values.VOUCHSAFE_LAYERS_FOLDER,
    githubSecret: values.VOUCHSAFE_GITHUB_SECRET === "" ? undefined : values.VOUCHSAFE_GITHUB_SECRET,
    githubUrl: values.VOUCHSAFE_GITHUB_URL,
  };
}
