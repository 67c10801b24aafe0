/**
 * Label selectors as NetworkPolicies use them: a list of demands on labels, all of which have to hold. What a
 * `matchLabels` asks is a demand like any other, so there is one form only.
 */

/** Labels of a pod or namespace. */
export type Labels = Readonly<Record<string, string>>;

/** One demand; `NotIn` also holds where the label is missing. */
export type Demand =
  | { key: string; operator: "In" | "NotIn"; values: readonly string[] }
  | { key: string; operator: "Exists" | "DoesNotExist" };

/** All of these demands; none of them selects everything. */
export type Selector = readonly Demand[];

/** The label that the API server keeps on every namespace. */
export const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/** The selector of objects that carry exactly these labels, among others. */
export const toSelector = (labels: Labels): Selector =>
  Object.entries(labels).map(([key, value]) => ({ key, operator: "In", values: [value] }));

/** The selector of the one namespace of this name. */
export const selectNamespace = (name: string): Selector => toSelector({ [NAMESPACE_NAME]: name });

function holds(demand: Demand, labels: Labels): boolean {
  // Own members only: a label may be called `constructor`.
  const value = Object.hasOwn(labels, demand.key) ? labels[demand.key] : undefined;
  switch (demand.operator) {
    case "In":
      return value !== undefined && demand.values.includes(value);
    case "NotIn":
      return value === undefined || !demand.values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

/** Whether the labels meet every demand. */
export const matchesLabels = (selector: Selector, labels: Labels): boolean =>
  selector.every((demand) => holds(demand, labels));
