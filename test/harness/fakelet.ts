// A fake kubelet: owns one Node object and plays the pods that the scheduler binds to it. No container runs;
// everything else (scheduling, ReplicaSets, admission) is real. `play` decides what a pod does.
import { Agent, request } from "node:https";
import { readFile } from "node:fs/promises";

export interface Api {
  url: string;
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
}

export type Pod = {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    deletionTimestamp?: string;
    ownerReferences?: { kind: string }[];
  };
  spec: { containers: { name: string; image: string }[] };
  status?: { phase?: string };
};

/** What a pod does: become ready, end well, end badly. */
export type Part = "ready" | "succeed" | "fail";

export interface FakeNode {
  stop(): Promise<void>;
}

interface KubeconfigFile {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

/** Reads the credentials of a kubeconfig with client certificates. */
export async function readApi(kubeconfig: string): Promise<Api> {
  const config = JSON.parse(await readFile(kubeconfig, "utf8")) as KubeconfigFile;
  const [cluster] = config.clusters;
  const [user] = config.users;
  if (cluster === undefined || user === undefined) throw new Error(`${kubeconfig} has no cluster or user`);
  return {
    url: cluster.cluster.server,
    ca: Buffer.from(cluster.cluster["certificate-authority-data"], "base64"),
    cert: Buffer.from(user.user["client-certificate-data"], "base64"),
    key: Buffer.from(user.user["client-key-data"], "base64"),
  };
}

const playOf = (pod: Pod): Part => (pod.metadata.ownerReferences?.some((o) => o.kind === "Job") ? "succeed" : "ready");

function toPodStatus(pod: Pod, part: Part, podIP: string) {
  const now = new Date().toISOString().replace(/\.\d+Z/, "Z");
  const isReady = part === "ready";
  const state = isReady
    ? { running: { startedAt: now } }
    : {
        terminated: {
          exitCode: part === "succeed" ? 0 : 1,
          reason: part === "succeed" ? "Completed" : "Error",
          startedAt: now,
          finishedAt: now,
        },
      };
  return {
    phase: isReady ? "Running" : part === "succeed" ? "Succeeded" : "Failed",
    startTime: now,
    hostIP: "10.98.0.1",
    ...(isReady ? { podIP, podIPs: [{ ip: podIP }] } : {}),
    conditions: ["Initialized", "ContainersReady", "Ready"].map((type) => ({
      type,
      status: type === "Initialized" || isReady ? "True" : "False",
      lastTransitionTime: now,
    })),
    containerStatuses: pod.spec.containers.map((container) => ({
      name: container.name,
      image: container.image,
      imageID: container.image,
      ready: isReady,
      restartCount: 0,
      started: isReady,
      state,
    })),
  };
}

/** Makes the Node and plays its pods until stopped. `labels` select it from a pod's nodeSelector. */
export async function startFakeNode(
  api: Api,
  node: string,
  options: { labels?: Record<string, string>; play?: (pod: Pod) => Part } = {},
): Promise<FakeNode> {
  const play = options.play ?? playOf;
  const agent = new Agent({ keepAlive: true, ca: api.ca, cert: api.cert, key: api.key });
  const { hostname, port } = new URL(api.url);
  let isStopped = false;
  const send = (method: string, path: string, body?: unknown, type = "application/json") =>
    new Promise<{ status: number; text: string }>((ok, no) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      // Node sends no Content-Length for a DELETE with a body unless told to, and the API server answers 400.
      const headers =
        payload === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(payload) };
      const r = request({ hostname, port, path, method, agent, headers }, (res) => {
        let text = "";
        res
          .setEncoding("utf8")
          .on("data", (d: string) => {
            text += d;
          })
          .on("end", () => ok({ status: res.statusCode ?? 0, text }));
      });
      r.once("error", no);
      r.end(payload);
    });

  const labels = { "kubernetes.io/hostname": node, "kubernetes.io/os": "linux", ...options.labels };
  await send("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: node, labels } });
  const now = new Date().toISOString().replace(/\.\d+Z/, "Z");
  const capacity = { cpu: "64", memory: "256Gi", pods: "500" };
  const ready = {
    type: "Ready",
    status: "True",
    reason: "Fake",
    message: "played by a test",
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  await send(
    "PATCH",
    `/api/v1/nodes/${node}/status`,
    { status: { capacity, allocatable: capacity, conditions: [ready] } },
    "application/strategic-merge-patch+json",
  );
  await send("PATCH", `/api/v1/nodes/${node}`, { spec: { taints: null } }, "application/merge-patch+json");

  const seen = new Set<string>();
  let lastIp = 1;
  const onPod = async (pod: Pod) => {
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
    if (pod.metadata.deletionTimestamp !== undefined) {
      await send("DELETE", path, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
    } else if (!seen.has(pod.metadata.uid)) {
      seen.add(pod.metadata.uid);
      lastIp += 1;
      const status = toPodStatus(pod, play(pod), `10.99.${lastIp >> 8}.${lastIp & 255}`);
      await send("PATCH", `${path}/status`, { status }, "application/merge-patch+json");
    }
  };

  const selector = `fieldSelector=spec.nodeName%3D${node}`;
  let live: ReturnType<typeof request> | undefined;
  const watchFrom = (version: string) =>
    new Promise<void>((end) => {
      const path = `/api/v1/pods?watch=1&${selector}&resourceVersion=${version}`;
      live = request({ hostname, port, agent, path }, (res) => {
        let rest = "";
        res
          .setEncoding("utf8")
          .on("data", (d: string) => {
            const lines = (rest + d).split("\n");
            rest = lines.pop() ?? "";
            for (const line of lines) {
              const event = JSON.parse(line) as { type: string; object: Pod };
              // A pod that could not be played now is played after the next relist.
              if (event.type === "ADDED" || event.type === "MODIFIED") void onPod(event.object).catch(() => {});
              if (event.type === "ERROR") res.destroy();
            }
          })
          .once("close", end);
      });
      live.once("error", () => end());
      live.end();
    });
  const watch = async () => {
    while (!isStopped) {
      const answer = await send("GET", `/api/v1/pods?${selector}`).catch(() => undefined);
      if (answer?.status !== 200) {
        await new Promise((ok) => setTimeout(ok, 200));
        continue;
      }
      const list = JSON.parse(answer.text) as { metadata: { resourceVersion: string }; items: Pod[] };
      for (const pod of list.items) void onPod(pod).catch(() => {});
      await watchFrom(list.metadata.resourceVersion);
    }
  };
  const loop = watch();
  return {
    stop: async () => {
      isStopped = true;
      live?.destroy();
      await loop;
      agent.destroy();
    },
  };
}
