// Every way to change one value of a bundle a little: what a verifier must not overlook.

type Path = readonly (string | number)[];

function* listLeaves(value: unknown, path: Path = []): Generator<{ path: Path; value: string | number }> {
  if (typeof value === "string" || typeof value === "number") yield { path, value };
  else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      yield* listLeaves(member, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  }
}

function* spoil(value: string | number): Generator<string | number> {
  if (typeof value === "number" || /^\d+$/.test(value)) {
    yield typeof value === "number" ? value + 1 : String(BigInt(value) + 1n);
    return;
  }
  for (const share of [0, 0.25, 0.5, 0.75, 0.99]) {
    const at = Math.floor(value.length * share);
    // Another character of the same kind, so that it is still base64.
    yield value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1);
  }
}

/** The bundle with one value changed, again and again; `where` names the value without the numbers of lists. */
export function* spoilBundle(text: string): Generator<{ where: string; json: unknown }> {
  for (const { path, value } of listLeaves(JSON.parse(text))) {
    for (const other of spoil(value)) {
      if (other === value) continue;
      const json = JSON.parse(text) as Record<string | number, unknown>;
      let at = json;
      for (const key of path.slice(0, -1)) at = at[key] as typeof json;
      at[path.at(-1) ?? ""] = other;
      yield { where: path.filter((key) => typeof key === "string").join("."), json };
    }
  }
}
