/**
 * Looks at artifacts that may take long: a registry drips, a model has gigabytes. A look goes on while nobody waits for
 * it, the same look is taken once however many ask, and no namespace takes all there is room for.
 */

/** How long a look is shared once it is done; less than the shortest wait for the next one (decide.ts). */
export const SHARED_MS = 8_000;
/** How long whoever starts a look waits for it: most are done by then. */
export const PATIENCE_MS = 2_000;
/** Most looks that are under way for one namespace, and for all. */
export const MAX_OF_NAMESPACE = 8;
export const MAX_UNDER_WAY = 64;
const MAX_KEPT = 1024;

/** What became of a look so far. */
export type Looked<T> = { state: "done"; answer: T } | { state: "under way" } | { state: "no room" };

interface Look<T> {
  namespace: string;
  /** Its answer and when it came (epoch milliseconds); undefined while it is under way. */
  done: { answer: T; at: number } | undefined;
}

const UNDER_WAY = { state: "under way" } as const;

/** Makes the function that looks, by key. A look that throws is not kept; whoever still waits for it is told. */
export function createLooks<T>(now: () => number) {
  const looks = new Map<string, Look<T>>();
  const isFresh = ({ done }: Look<T>) => done === undefined || now() - done.at < SHARED_MS;

  const hasRoom = (namespace: string): boolean => {
    const running = [...looks.values()].filter(({ done }) => done === undefined);
    const own = running.filter((one) => one.namespace === namespace).length;
    return running.length < MAX_UNDER_WAY && own < MAX_OF_NAMESPACE;
  };

  const sweep = () => {
    for (const [key, one] of looks) {
      if (!isFresh(one) || (one.done !== undefined && looks.size >= MAX_KEPT)) looks.delete(key);
    }
  };

  const start = (namespace: string, key: string, look: () => Promise<T>): Promise<Looked<T>> => {
    sweep();
    if (!hasRoom(namespace)) return Promise.resolve({ state: "no room" });
    const one: Look<T> = { namespace, done: undefined };
    looks.set(key, one);
    const running = look().then(
      (answer): Looked<T> => {
        one.done = { answer, at: now() };
        return { state: "done", answer };
      },
      (error: unknown) => {
        looks.delete(key);
        throw error;
      },
    );
    return waitFor(running);
  };

  return (namespace: string, key: string, look: () => Promise<T>): Promise<Looked<T>> => {
    const known = looks.get(key);
    if (known === undefined || !isFresh(known)) return start(namespace, key, look);
    return Promise.resolve(known.done === undefined ? UNDER_WAY : { state: "done", answer: known.done.answer });
  };
}

async function waitFor<T>(running: Promise<Looked<T>>): Promise<Looked<T>> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<Looked<T>>((ok) => {
    timer = setTimeout(() => ok(UNDER_WAY), PATIENCE_MS);
  });
  try {
    return await Promise.race([running, patience]);
  } finally {
    clearTimeout(timer);
    // One that fails later failed for nobody: the next one who asks starts anew.
    running.catch(() => {});
  }
}
