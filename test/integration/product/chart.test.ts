// The chart as data: what it installs, with which rights, and what its values refuse.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { readConfig } from "../../../src/config.ts";
import { send, startHostileRegistry, stopHostileRegistries } from "../../harness/hostile-registry.ts";
import { CHART, findHelm, renderChart } from "../../harness/helm.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

interface Rendered {
  kind: string;
  metadata: { name: string; annotations?: Record<string, string>; namespace?: string };
  rules?: { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }[];
  spec?: unknown;
}

const render = async (values: object = {}, apiVersions: string[] = []) =>
  parseAllDocuments(await renderChart({ namespace: "vouchsafe-system", values, apiVersions }))
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);

test("helm finds nothing to complain about", async () => {
  const { stdout } = await run(await findHelm(), ["lint", "--strict", CHART]);
  expect(stdout).toContain("0 chart(s) failed");
});

test.each([
  ["replicas", "many"],
  ["logLevel", "loud"],
  ["mutations", true],
  ["image", { digest: "sha256:1" }],
  ["namespacePullSecrets", [{ namespace: "voice" }]],
  // To RBAC an empty list of names is no name, but every one.
  ["namespacePullSecrets", [{ namespace: "voice", secrets: [] }]],
  ["namespacePullSecrets", [{ namespace: "voice", secrets: ["a"], serviceAccounts: [] }]],
  ["namespacePullSecrets", [{ namespace: "*", secrets: ["a"] }]],
  ["namespacePullSecrets", [{ namespace: "voice", secrets: ["*"] }]],
  ["registryMirrors", [{ registry: "docker.io" }]],
  ["registryMirrors", [{ registry: "docker.io/library", mirrors: ["m.example"] }]],
  ["registryCA", { configMap: "a/b" }],
  ["proxy", { https: "proxy.example" }],
  ["keepLayers", "yes"],
  ["nonsense", 1],
])("a wrong value of %s is refused", async (name, value) => {
  await expect(render({ [name]: value })).rejects.toThrow(/values don't meet the specifications of the schema/);
});

test("uninstalling keeps the CRDs, and so every Approval", async () => {
  const crds = (await render()).filter(({ kind }) => kind === "CustomResourceDefinition");
  expect(crds).toHaveLength(10);
  for (const { metadata } of crds) expect(metadata.annotations?.["helm.sh/resource-policy"]).toBe("keep");
});

test("policies that change requests come only where the cluster serves them", async () => {
  const count = (objects: Rendered[]) => objects.filter(({ kind }) => kind === "MutatingAdmissionPolicy").length;
  const api = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy";
  expect([
    count(await render()),
    count(await render({}, [api])),
    count(await render({ mutations: "disabled" }, [api])),
  ]).toEqual([0, 4, 0]);
});

test("pods run as nobody, cannot write, and hold no capability", async () => {
  const deployment = (await render({ pullSecrets: ["a"] })).find(({ kind }) => kind === "Deployment");
  expect(deployment?.spec).toMatchObject({
    replicas: 2,
    template: {
      spec: {
        serviceAccountName: "vouchsafe",
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
          },
        ],
      },
    },
  });
});

interface Pod {
  volumes?: { name: string; emptyDir?: object }[];
  containers: { env: { name: string; value?: string }[]; volumeMounts?: { name: string; mountPath: string }[] }[];
}

async function readPod(values: object) {
  const deployment = (await render(values)).find(({ kind }) => kind === "Deployment");
  if (deployment === undefined) throw new Error("the chart renders no Deployment");
  const { spec } = (deployment.spec as { template: { spec: Pod } }).template;
  const env = Object.fromEntries(spec.containers[0]?.env.map(({ name, value }) => [name, value]) ?? []);
  return { env, mounts: spec.containers[0]?.volumeMounts, volumes: spec.volumes };
}

test("what was found in layers has a volume of the pod alone, bounded, or none", async () => {
  const { env, mounts, volumes } = await readPod({});
  expect(volumes).toEqual([{ name: "layers", emptyDir: { sizeLimit: "128Mi" } }]);
  const { layersFolder } = readConfig({ ...env, VOUCHSAFE_NAMESPACE: "v" });
  expect(mounts).toEqual([{ name: "layers", mountPath: layersFolder }]);
  const bare = await readPod({ keepLayers: false });
  expect(readConfig({ ...bare.env, VOUCHSAFE_NAMESPACE: "v" }).layersFolder).toBeUndefined();
});

test("mirrors, authorities and proxies of registries reach the operator as its settings, and nothing where there are none", async () => {
  const mirrors = [{ registry: "docker.io", mirrors: ["m.example/hub"], only: true }];
  const { env, mounts, volumes } = await readPod({
    registryMirrors: mirrors,
    registryCA: { configMap: "authorities", key: "bundle.pem" },
    proxy: { https: "http://proxy.example:3128", http: "", except: ".example" },
  });
  const config = readConfig({ ...env, VOUCHSAFE_NAMESPACE: "v" });
  expect(config).toMatchObject({
    registryMirrors: mirrors,
    proxy: { https: "http://proxy.example:3128", http: "", except: ".example" },
  });
  expect(volumes?.filter(({ name }) => name !== "layers")).toEqual([
    { name: "registry-ca", configMap: { name: "authorities", items: [{ key: "bundle.pem", path: "ca.crt" }] } },
  ]);
  expect(config.registryCaFile).toBe(`${mounts?.[0]?.mountPath}/ca.crt`);
  const bare = await readPod({ keepLayers: false });
  expect([bare.mounts, bare.volumes]).toEqual([undefined, undefined]);
  expect(Object.keys(bare.env).filter((name) => /PROXY|MIRRORS|CA_FILE/.test(name))).toEqual([]);
});

describe("rights", () => {
  test("the operator reads no Secret but the named ones, writes no Approval, makes no workload and no pod, and holds no *", async () => {
    const objects = await render({ pullSecrets: ["registry"] });
    const rules = objects
      .filter(({ kind, metadata }) => kind.endsWith("Role") && metadata.name === "vouchsafe")
      .flatMap((role) => role.rules ?? []);
    expect(
      rules.filter(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs].includes("*")),
    ).toEqual([]);
    expect(rules.filter(({ resources }) => resources.includes("secrets"))).toEqual([
      { apiGroups: [""], resources: ["secrets"], resourceNames: ["registry"], verbs: ["get"] },
    ]);
    const verbsOn = (resource: string) =>
      new Set(rules.filter(({ resources }) => resources.includes(resource)).flatMap(({ verbs }) => verbs));
    expect(verbsOn("approvals")).toEqual(new Set(["list", "watch"]));
    // Contained, ended and rolled back, but never made.
    expect(verbsOn("pods")).toEqual(new Set(["list", "watch", "patch", "delete"]));
    expect(verbsOn("deployments")).toEqual(new Set(["get", "list", "watch", "patch"]));
    expect(verbsOn("namespaces")).toEqual(new Set(["list", "watch"]));
    expect(
      (await render()).flatMap((object) => object.rules ?? []).filter(({ resources }) => resources.includes("secrets")),
      "no pull secret, no right",
    ).toEqual([]);
  });
});

describe("pull secrets of namespaces", () => {
  const opened = [
    { namespace: "voice", secrets: ["registry"] },
    { namespace: "vision", serviceAccounts: ["default", "serving"], secrets: ["a", "b"] },
  ];
  const get = (resource: string, resourceNames: string[]) => ({
    apiGroups: [""],
    resources: [resource],
    resourceNames,
    verbs: ["get"],
  });

  test("are opened to the operator by name, each in its namespace, and no more", async () => {
    const objects = await render({ namespacePullSecrets: opened });
    const named = objects
      .filter(({ metadata }) => metadata.name === "vouchsafe-pull-secrets")
      .toSorted((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0));
    expect(named.map(({ kind, metadata: { namespace }, rules }) => ({ kind, namespace, rules }))).toEqual([
      { kind: "Role", namespace: "voice", rules: [get("serviceaccounts", ["default"]), get("secrets", ["registry"])] },
      {
        kind: "Role",
        namespace: "vision",
        rules: [get("serviceaccounts", ["default", "serving"]), get("secrets", ["a", "b"])],
      },
      { kind: "RoleBinding", namespace: "voice", rules: undefined },
      { kind: "RoleBinding", namespace: "vision", rules: undefined },
    ]);
    for (const binding of named.filter(({ kind }) => kind === "RoleBinding")) {
      expect(binding).toMatchObject({
        roleRef: { kind: "Role", name: "vouchsafe-pull-secrets" },
        subjects: [{ kind: "ServiceAccount", name: "vouchsafe", namespace: "vouchsafe-system" }],
      });
    }
  });

  test("reach the operator as its setting, and a namespace that is named twice reaches nobody", async () => {
    const deployment = (await render({ namespacePullSecrets: opened })).find(({ kind }) => kind === "Deployment");
    const env = JSON.stringify(deployment?.spec);
    const value = /"VOUCHSAFE_NAMESPACE_PULL_SECRETS","value":("(?:[^"\\]|\\.)*")/.exec(env)?.[1] ?? '""';
    const text = JSON.parse(value) as string;
    const read = (given: string) => readConfig({ VOUCHSAFE_NAMESPACE: "v", VOUCHSAFE_NAMESPACE_PULL_SECRETS: given });
    expect(read(text).namespacePullSecrets).toEqual([
      { namespace: "voice", serviceAccounts: ["default"], secrets: ["registry"] },
      opened[1],
    ]);
    const twice = [opened[0], opened[0]];
    await expect(render({ namespacePullSecrets: twice })).rejects.toThrow(/names voice twice/);
    expect(() => read(JSON.stringify(twice))).toThrow(/names a namespace twice/);
    expect(() => read('[{"namespace":"voice","secrets":[]}]')).toThrow(/VOUCHSAFE_NAMESPACE_PULL_SECRETS/);
  });
});

/** Judges nothing, in a thread of the image. */
const JUDGE = `
  import { Piscina } from "piscina";
  const pool = new Piscina({ filename: new URL("dist/judge-worker.mjs", "file://" + process.cwd() + "/").pathname });
  process.stdout.write(JSON.stringify(await pool.run({ subject: { digest: "" }, candidates: [], signers: [], now: 0 })));
  await pool.destroy();
`;

/** What the built command says of an unsigned image: to a registry that it asks directly, and to a proxy that is not there. */
async function verifyBuilt(built: string) {
  const manifest = JSON.stringify({
    config: { mediaType: "x", digest: `sha256:${"a".repeat(64)}`, size: 2 },
    layers: [],
  });
  const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
  const { host } = await startHostileRegistry({
    [`/v2/m/manifests/${digest}`]: send(manifest),
    [`/v2/m/referrers/${digest}`]: send('{"manifests":[]}'),
  });
  const key = join(root, "examples/silero/keys/model-pipeline.pub");
  const verify = async (image: string, env: Record<string, string>) => {
    const args = [
      join(built, "dist", "vouchsafe.mjs"),
      "verify-image",
      image,
      "--key",
      key,
      "--insecure-registry",
      host,
    ];
    const { stdout, stderr } = await run(process.execPath, args, { cwd: tmpdir(), env }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return stdout + stderr;
  };
  try {
    return {
      direct: await verify(`${host}/m@${digest}`, {}),
      proxied: await verify(`registry.example/m@${digest}`, { HTTPS_PROXY: "http://127.0.0.1:1" }),
    };
  } finally {
    await stopHostileRegistries();
  }
}

/** The folder of the image's last stage, made of what its build stage left in `built`. */
async function assemble(built: string): Promise<string> {
  const [, , stage = ""] = (await readFile(join(root, "Dockerfile"), "utf8")).split(/^FROM /m);
  const app = join(built, "image");
  for (const [, from = "", to = ""] of stage.matchAll(/^COPY --from=build \/build\/(\S+) \.\/(\S+)$/gm)) {
    await cp(join(built, from), join(app, to), { recursive: true });
  }
  return app;
}

describe("the image", () => {
  let dir = "";
  afterAll(() => rm(dir, { recursive: true, force: true }));

  test("the commands of its build stage build an operator that starts and a command that helps", async () => {
    const dockerfile = await readFile(join(root, "Dockerfile"), "utf8");
    const [, stage = ""] = dockerfile.split(/^FROM /m).slice(0, 2);
    dir = await mkdtemp(join(tmpdir(), "image-"));
    const steps = stage.split("\n").flatMap((line): ({ copy: string[] } | { command: string })[] => {
      const copy = /^COPY (.+) (\S+)$/.exec(line);
      const command = /^RUN (.+)$/.exec(line)?.[1];
      if (copy !== null) return [{ copy: copy[1]?.split(" ") ?? [] }];
      return command === undefined ? [] : [{ command }];
    });
    expect(steps.filter((step) => "command" in step)).toHaveLength(2);
    for (const step of steps) {
      if ("command" in step) await run("bash", ["-c", step.command], { cwd: dir, maxBuffer: 16 * 1024 * 1024 });
      else for (const file of step.copy) await cp(join(root, file), join(dir, file), { recursive: true });
    }
    const help = await run(process.execPath, [join(dir, "dist", "vouchsafe.mjs"), "--help"], { cwd: tmpdir() });
    expect(help.stdout).toContain("Usage: vouchsafe");
    const { direct, proxied } = await verifyBuilt(dir);
    expect(direct, "the command finds what it needs of its packages").toContain("missing      a signature over the");
    expect(proxied).toContain("registry.example: nothing answers at that port (127.0.0.1:1)");
    const started = await run(process.execPath, [join(dir, "dist", "operator.mjs")], { cwd: tmpdir(), env: {} }).catch(
      (error: { stderr: string }) => error,
    );
    expect(started.stderr).toContain("VOUCHSAFE_NAMESPACE");
    const judged = await run(process.execPath, ["--input-type=module", "-e", JUDGE], { cwd: await assemble(dir) });
    expect(judged.stdout, "threads find what they need in the image").toBe("[]");
    expect(dockerfile).toMatch(/^USER 65532:65532$/m);
    expect(dockerfile).toMatch(/^ARG BASE=/m);
  }, 240_000);
});
