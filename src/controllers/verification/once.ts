/** Looks at the same thing once, however many ask: whoever asks while a look is under way, or shortly after, shares it. */

/** How long a look is shared once it is done; less than the shortest wait for the next one (decide.ts). */
export const SHARED_MS = 8_000;
const MAX_KEPT = 1024;

interface Look<T> {
  answer: Promise<T>;
  /** When it was done, epoch milliseconds; undefined while it is under way. */
  doneAt: number | undefined;
}

/** Makes the function that shares looks by key. A look that throws is not kept. */
export function createOnce<T>(now: () => number): (key: string, look: () => Promise<T>) => Promise<T> {
  const looks = new Map<string, Look<T>>();
  const isFresh = ({ doneAt }: Look<T>) => doneAt === undefined || now() - doneAt < SHARED_MS;

  const start = (key: string, look: () => Promise<T>): Promise<T> => {
    for (const [other, one] of looks) if (!isFresh(one)) looks.delete(other);
    const [oldest] = looks.keys();
    if (looks.size >= MAX_KEPT && oldest !== undefined) looks.delete(oldest);
    const one: Look<T> = { answer: look(), doneAt: undefined };
    looks.set(key, one);
    one.answer.then(
      () => {
        one.doneAt = now();
      },
      () => {
        if (looks.get(key) === one) looks.delete(key);
      },
    );
    return one.answer;
  };

  return (key, look) => {
    const known = looks.get(key);
    return known !== undefined && isFresh(known) ? known.answer : start(key, look);
  };
}
