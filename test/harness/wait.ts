// Waits for a condition of the world, never for a time.

/** Polls until `probe` gives a value; fails with what was expected and what was seen last. */
export async function eventually<T>(
  expectation: string,
  probe: () => Promise<T | undefined> | T | undefined,
  options: { withinMs?: number; lastSeen?: () => Promise<unknown> } = {},
): Promise<T> {
  const end = performance.now() + (options.withinMs ?? 30_000);
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > end) {
      const seen = options.lastSeen === undefined ? "" : ` Last seen: ${JSON.stringify(await options.lastSeen())}`;
      throw new Error(`Expected within ${(options.withinMs ?? 30_000) / 1000} s: ${expectation}.${seen}`);
    }
    await new Promise((ok) => setTimeout(ok, 50));
  }
}
