/**
 * The field shapes that several kinds share: names, digests, times, sentences, conditions.
 * Every string is bounded, since the API server prices CEL rules by the bounds. Rules that compare
 * fields are CEL entries in `.meta`, never zod refinements: the CRD would silently lose those.
 */
import * as z from "zod";

/** A CEL rule as the API server evaluates it. `message` tells people what to do. */
export interface CelRule {
  rule: string;
  message: string;
}

/** Attaches CEL rules to a schema. Call it before `.describe`. */
export function withRules<T extends z.ZodType>(schema: T, ...rules: CelRule[]): T {
  return schema.meta({ ...schema.meta(), "x-kubernetes-validations": rules });
}

/** Marks a list as a map keyed by `keys`, so that server-side apply merges items instead of replacing the list. */
export function keyedBy<T extends z.ZodType>(schema: T, ...keys: string[]): T {
  return schema.meta({ ...schema.meta(), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys });
}

/** Marks a list of scalars as a set. */
export function asSet<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), "x-kubernetes-list-type": "set" });
}

/** Marks a list as one value that is always written whole. */
export function asAtomicList<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), "x-kubernetes-list-type": "atomic" });
}

/** Marks a map as one value that is always written whole, of at most `maxProperties` members. */
export function asAtomicMap<T extends z.ZodType>(schema: T, maxProperties: number): T {
  return schema.meta({ ...schema.meta(), "x-kubernetes-map-type": "atomic", maxProperties });
}

/** Marks a field that is not part of what is approved (progress, contacts, links): digests leave it out. */
export function notApproved<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), approved: false });
}

/** A DNS-1123 label: what Kubernetes allows as a label value and as most names. */
export const label = () =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);

/** The name of another object of the same namespace (DNS-1123 subdomain). */
export const objectName = () =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

/** An OCI content digest. Only SHA-256 counts. */
export const contentDigest = () =>
  z
    .string()
    .max(71)
    .regex(/^sha256:[a-f0-9]{64}$/);

/** The digest that approvals name: version 1 of the canonical form (docs/adr/0004). */
export const approvalDigest = () =>
  z
    .string()
    .max(74)
    .regex(/^v1:sha256:[a-f0-9]{64}$/);

/** One line of text for people. A line break would cost the whole sentence in an admission message. */
export const sentence = (max = 512) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\r\n]+$/);

/** Free text. */
export const prose = (max = 2048) => z.string().min(1).max(max);

/** A date with time, RFC 3339. */
export const timestamp = () => z.string().max(64).meta({ format: "date-time" });

/** A calendar date, YYYY-MM-DD. */
export const calendarDate = () => z.string().max(10).meta({ format: "date" });

/** A length of time in whole hours or minutes, such as 72h or 30m. */
export const duration = () =>
  z
    .string()
    .max(8)
    .regex(/^[0-9]{1,5}[hm]$/);

/** A user name as the API server reports it, with the issuer's prefix. */
export const username = () => z.string().min(1).max(256);

/** Consequence of a risk or impact, from least to worst. */
export const CONSEQUENCES = ["negligible", "minor", "moderate", "major", "severe"] as const;
/** Likelihood of a risk, from least to most likely. */
export const LIKELIHOODS = ["rare", "unlikely", "possible", "likely", "almostCertain"] as const;
/** Risk levels that a matrix looks up, from lowest to highest. */
export const LEVELS = ["low", "medium", "high", "critical"] as const;

export const consequence = () => z.enum(CONSEQUENCES);
export const likelihood = () => z.enum(LIKELIHOODS);
export const level = () => z.enum(LEVELS);

export type Consequence = (typeof CONSEQUENCES)[number];
export type Likelihood = (typeof LIKELIHOODS)[number];
export type Level = (typeof LEVELS)[number];

const condition = z
  .object({
    type: z.string().min(1).max(64).describe("What the condition is about, such as Ready."),
    status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds."),
    reason: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[A-Z][A-Za-z0-9]*$/)
      .describe("One word for machines, from the closed list in docs/findings.md."),
    message: z.string().max(2048).describe("One line for people: what, why, who can mend it, the next command."),
    observedGeneration: z.int().min(0).optional().describe("The metadata.generation that this was decided for."),
    lastTransitionTime: timestamp().describe("When status last changed."),
  })
  .describe("One observation, as Kubernetes writes conditions.");

/** The conditions of a status, merged by type. */
export const conditions = () =>
  keyedBy(z.array(condition).max(16), "type").optional().describe("What the operator observed, one entry per type.");

/** A condition as Kubernetes writes it. */
export type Condition = z.infer<typeof condition>;
