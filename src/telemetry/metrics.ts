/** Prometheus metrics of the operator. docs/metrics.md is generated from this list. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** One metric as the documentation shows it. */
export interface MetricEntry {
  name: string;
  type: "counter" | "gauge" | "histogram";
  help: string;
  labels: readonly string[];
}

export const METRICS = {
  reconciles: {
    name: "vouchsafe_reconciles_total",
    type: "counter",
    help: "Reconciles by controller and outcome (done, requeued, failed).",
    labels: ["controller", "outcome"],
  },
  reconcileSeconds: {
    name: "vouchsafe_reconcile_seconds",
    type: "histogram",
    help: "How long reconciles take.",
    labels: ["controller"],
  },
  warrantWrites: {
    name: "vouchsafe_warrant_writes_total",
    type: "counter",
    help: "Warrants written, by name of the Warrant.",
    labels: ["warrant"],
  },
  images: {
    name: "vouchsafe_warrant_images",
    type: "gauge",
    help: "Digests in the Warrant of a namespace and mode, by standing (granted, pending, refused).",
    labels: ["namespace", "mode", "standing"],
  },
  approvalEnds: {
    name: "vouchsafe_release_not_after_timestamp_seconds",
    type: "gauge",
    help: "When pods of a release stop being admitted, Unix seconds. Alert 14 days before.",
    labels: ["namespace", "release"],
  },
  verifications: {
    name: "vouchsafe_verifications_total",
    type: "counter",
    help: "Artifacts looked at in a registry, by outcome (signed, unsigned, failed).",
    labels: ["outcome"],
  },
  layers: {
    name: "vouchsafe_model_layers_total",
    type: "counter",
    help: "Layers of models whose files had to be known, by where from: registry (read), memory, folder (kept of an earlier process).",
    labels: ["from"],
  },
  layerBytes: {
    name: "vouchsafe_model_layer_bytes_total",
    type: "counter",
    help: "Packed bytes of the layers of models that were read from registries to their end.",
    labels: [],
  },
  layerTroubles: {
    name: "vouchsafe_kept_layer_failures_total",
    type: "counter",
    help: "Failures of the folder that keeps what was found in layers: open, read, write (a full disk), damaged. Layers are read anew instead.",
    labels: ["failure"],
  },
  refusals: {
    name: "vouchsafe_refusals_seen_total",
    type: "counter",
    help: "Refused pod creations that owners reported, by code of the finding.",
    labels: ["code"],
  },
  breaches: {
    name: "vouchsafe_breaches_total",
    type: "counter",
    help: "Breaches that were noticed, by kind.",
    labels: ["kind"],
  },
  containment: {
    name: "vouchsafe_containment_seconds",
    type: "histogram",
    help: "From notice of a breach until a rung was observed to be done, by rung.",
    labels: ["rung"],
  },
  evidence: {
    name: "vouchsafe_evidence_records_total",
    type: "counter",
    help: "Records written to the evidence stream, by kind.",
    labels: ["kind"],
  },
  watchAge: {
    name: "vouchsafe_watch_age_seconds",
    type: "gauge",
    help: "Seconds since a watch last showed a sign of life, by kind.",
    labels: ["kind"],
  },
  leader: {
    name: "vouchsafe_leader",
    type: "gauge",
    help: "1 while this process holds the lease and runs the controllers.",
    labels: [],
  },
  gateIntact: {
    name: "vouchsafe_gate_intact",
    type: "gauge",
    help: "1 while all admission policies and bindings stand as they were installed; alert on 0.",
    labels: [],
  },
} as const satisfies Record<string, MetricEntry>;

type Name = keyof typeof METRICS;
type LabelsOf<N extends Name> = Readonly<Record<(typeof METRICS)[N]["labels"][number], string>>;

export interface Metrics {
  /** Adds one, or as many as told. */
  count<N extends Name>(name: N, labels: LabelsOf<N>, by?: number): void;
  set<N extends Name>(name: N, labels: LabelsOf<N>, value: number): void;
  observe<N extends Name>(name: N, labels: LabelsOf<N>, seconds: number): void;
  /** Forgets one value of a gauge. */
  remove<N extends Name>(name: N, labels: LabelsOf<N>): void;
  /** The page that Prometheus reads. */
  render(): Promise<string>;
}

/** Makes the metrics in a registry of their own. */
export function createMetrics(): Metrics {
  const registers = [new Registry()];
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const { name, type, help, labels } of Object.values<MetricEntry>(METRICS)) {
    const options = { name, help, labelNames: [...labels], registers };
    if (type === "counter") counters.set(name, new Counter(options));
    if (type === "gauge") gauges.set(name, new Gauge(options));
    if (type === "histogram")
      histograms.set(name, new Histogram({ ...options, buckets: [0.005, 0.02, 0.1, 0.5, 2, 10] }));
  }
  return {
    count: (name, labels, by = 1) => counters.get(METRICS[name].name)?.inc(labels, by),
    set: (name, labels, value) => gauges.get(METRICS[name].name)?.set(labels, value),
    observe: (name, labels, seconds) => histograms.get(METRICS[name].name)?.observe(labels, seconds),
    remove: (name, labels) => gauges.get(METRICS[name].name)?.remove(labels),
    render: async () => (await registers[0]?.metrics()) ?? "",
  };
}
