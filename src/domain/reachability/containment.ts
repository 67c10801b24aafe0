/**
 * Whether one selector selects nothing that another does not, over all labels there could ever be. Labels are
 * independent of each other, so it is decided exactly, key by key: the demands on one key leave a set of states,
 * which is a set of values or all values but some, with or without "the label is missing".
 */
import type { Demand, Selector } from "./selectors.ts";

/** What a label may be. With `isAllBut` every value but these, else only these. */
interface States {
  mayBeMissing: boolean;
  isAllBut: boolean;
  values: ReadonlySet<string>;
}

const ANYTHING: States = { mayBeMissing: true, isAllBut: true, values: new Set() };

function toStates(demand: Demand): States {
  switch (demand.operator) {
    case "In":
      return { mayBeMissing: false, isAllBut: false, values: new Set(demand.values) };
    case "NotIn":
      return { mayBeMissing: true, isAllBut: true, values: new Set(demand.values) };
    case "Exists":
      return { mayBeMissing: false, isAllBut: true, values: new Set() };
    case "DoesNotExist":
      return { mayBeMissing: true, isAllBut: false, values: new Set() };
  }
}

const without = (one: ReadonlySet<string>, other: ReadonlySet<string>) =>
  new Set([...one].filter((v) => !other.has(v)));

function intersectValues(one: States, other: States): Pick<States, "isAllBut" | "values"> {
  if (one.isAllBut && other.isAllBut) return { isAllBut: true, values: new Set([...one.values, ...other.values]) };
  if (one.isAllBut) return { isAllBut: false, values: without(other.values, one.values) };
  if (other.isAllBut) return { isAllBut: false, values: without(one.values, other.values) };
  return { isAllBut: false, values: new Set([...one.values].filter((value) => other.values.has(value))) };
}

const intersect = (one: States, other: States): States => ({
  mayBeMissing: one.mayBeMissing && other.mayBeMissing,
  ...intersectValues(one, other),
});

/** What a selector leaves of each key that it has a demand on. */
interface Meaning {
  states: ReadonlyMap<string, States>;
  isNothing: boolean;
}

// There are more label values than any selector names, so "all but some" is never nothing.
const isNothing = ({ mayBeMissing, isAllBut, values }: States) => !mayBeMissing && !isAllBut && values.size === 0;

// A selector is compared with many others.
const meanings = new WeakMap<Selector, Meaning>();

function toMeaning(selector: Selector): Meaning {
  const known = meanings.get(selector);
  if (known !== undefined) return known;
  const states = new Map<string, States>();
  for (const demand of selector) {
    states.set(demand.key, intersect(states.get(demand.key) ?? ANYTHING, toStates(demand)));
  }
  const meaning = { states, isNothing: [...states.values()].some(isNothing) };
  meanings.set(selector, meaning);
  return meaning;
}

function areContained(inner: States, outer: States): boolean {
  if (inner.mayBeMissing && !outer.mayBeMissing) return false;
  if (!inner.isAllBut) return [...inner.values].every((value) => outer.values.has(value) !== outer.isAllBut);
  return outer.isAllBut && [...outer.values].every((value) => inner.values.has(value));
}

/** Whether no labels at all meet the selector. */
export const selectsNothing = (selector: Selector): boolean => toMeaning(selector).isNothing;

/** Whether every set of labels that meets `inner` also meets `outer`. */
export function isSelectorContained(inner: Selector, outer: Selector): boolean {
  const ofInner = toMeaning(inner);
  if (ofInner.isNothing) return true;
  for (const [key, states] of toMeaning(outer).states) {
    if (!areContained(ofInner.states.get(key) ?? ANYTHING, states)) return false;
  }
  return true;
}
