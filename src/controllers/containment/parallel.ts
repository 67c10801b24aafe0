/** Does the same to many things, a few at a time. */

/** Requests under way at once: the client's pool has no more connections. */
const WIDTH = 12;

/** Does `act` for each item; what fails keeps no other from being done, and is thrown at the end. */
export async function forEachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const failures: unknown[] = [];
  const work = async () => {
    for (const item of rest) await act(item).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: WIDTH }, work));
  if (failures.length > 0) throw failures[0];
}
