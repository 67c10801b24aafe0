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
