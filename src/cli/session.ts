/** What every command is given: the cluster, the namespace, and how to answer. */
import type { ProxySettings } from "../adapters/registry/proxies.ts";
import type { Client } from "../runtime/index.ts";

/** What a command found. Exit status 0: yes, or done; 1: the answer is no. */
export interface Answer {
  exit: 0 | 1;
  /** For `-o json`. */
  json: unknown;
  /** For people. */
  lines: string[];
  /** What was asked for and has no effect; told on the other channel, also to those who read JSON. */
  warnings?: string[];
}

export interface GlobalOptions {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  output?: "json";
}

export interface Session {
  client: Client;
  namespace: string;
  now: number;
  /** Tells people, not machines, how a command that waits gets on. */
  tell: (line: string) => void;
}

/** What a command that needs no cluster knows of the machine it runs on: the proxies that its environment names. */
export interface Machine {
  /** Read by what asks the network alone: a proxy that cannot be used is no fault of the others. */
  readProxy: () => ProxySettings;
}

/** A fault of usage or environment: exit status 2. */
export class UsageError extends Error {}

/** Rows in columns, as kubectl prints them. */
export function toTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
}
