// Credentials by client-node's KubeConfig: exec plugins, and token files that rotate.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { loadClusterConfig } from "../../../src/runtime/credentials.ts";

const dir = mkdtempSync(join(tmpdir(), "credentials-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function writeKubeconfig(user: object): string {
  const path = join(dir, "config");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:6443" } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u", namespace: "voice" } }],
    users: [{ name: "u", user }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test("an exec plugin gives the token", async () => {
  const credential = {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "from-plugin" },
  };
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "/bin/echo",
    args: [JSON.stringify(credential)],
    interactiveMode: "Never",
  };
  const cluster = await loadClusterConfig({ kubeconfig: writeKubeconfig({ exec }) });
  expect(cluster).toMatchObject({ server: "https://127.0.0.1:6443", namespace: "voice" });
  expect(await cluster.authorize()).toBe("Bearer from-plugin");
});

test("a token file is read anew when it changed", async () => {
  const tokenFile = join(dir, "token");
  writeFileSync(tokenFile, "one");
  const cluster = await loadClusterConfig({
    kubeconfig: writeKubeconfig({ "auth-provider": { name: "tokenFile", config: { tokenFile } } }),
  });
  expect(await cluster.authorize()).toBe("Bearer one");
});

test("a context that does not exist is an error that names it", async () => {
  await expect(loadClusterConfig({ kubeconfig: writeKubeconfig({ token: "t" }), context: "nowhere" })).rejects.toThrow(
    "no context nowhere",
  );
});

test("without any kubeconfig it says where it looked", async () => {
  vi.stubEnv("KUBECONFIG", "");
  vi.stubEnv("HOME", dir);
  await expect(loadClusterConfig()).rejects.toThrow("no cluster: neither --kubeconfig, KUBECONFIG nor ~/.kube/config");
  vi.unstubAllEnvs();
});

test("a kubeconfig that is not there is named", async () => {
  const path = join(dir, "nowhere");
  await expect(loadClusterConfig({ kubeconfig: path })).rejects.toThrow(`cannot read kubeconfig ${path}`);
});
