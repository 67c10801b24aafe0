// The catalogue is closed: every code is used somewhere, and no text could break an admission message.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { FINDINGS, flatten, stateFinding, toTemplate } from "../../src/domain/findings.ts";

const src = fileURLToPath(new URL("../../src", import.meta.url));
const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && path !== "domain/findings.ts")
  .map((path) => readFileSync(`${src}/${path}`, "utf8"))
  .join("\n");

test.each(Object.keys(FINDINGS) as (keyof typeof FINDINGS)[])(
  "%s is used, fits one line and tells the next step",
  (code) => {
    expect(sources.includes(`"${code}"`), `nothing uses ${code}: delete it`).toBe(true);
    const text = toTemplate(code);
    expect(text).toMatch(
      new RegExp(`^${code}: [^\\r\\n]+\\. (To be mended by|Nobody can lift this)[^\\r\\n]* Next: [^\\r\\n]+$`),
    );
    expect(text.length).toBeLessThan(400);
  },
);

test("a reason that ends with a full stop gives no two of them", () => {
  const { text } = stateFinding("ReleaseRevoked", {
    release: "v6.",
    why: "Drops callers in noise.",
    namespace: "voice",
  });
  expect(text).toContain("release v6. was revoked: Drops callers in noise. Nobody can lift this");
});

test("a command goes without -n where the namespace is not known", () => {
  const next = (values: Record<string, string>) => stateFinding("ImageUnknown", values).text;
  expect(next({ image: "x", namespace: "voice" })).toContain("vouchsafe status -n voice shows what may run");
  expect(next({ image: "x" })).toContain("vouchsafe status shows what may run");
});

test("text of tenants is shown once, on one line, within bounds, and never as a template", () => {
  const { text } = stateFinding("SystemMissing", {
    referrer: "a\nb\u2028c",
    system: "{namespace}",
    namespace: "x".repeat(1000),
  });
  expect(text).not.toMatch(/[\n\r\u2028]/);
  expect(text).toContain("a b c names AISystem {namespace}, which");
  expect(text.length).toBeLessThanOrEqual(512);
  expect(flatten("\u0000\u0007hi")).toBe("hi");
});
