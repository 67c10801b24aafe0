// Starts the operator again when it ends, as Kubernetes does with its pod: it ends by design when it cannot renew its
// lease in time, which happens on a machine that has too much to do.
import type { Product } from "../../harness/product.ts";

export interface Supervisor {
  /** Kills the operator and leaves it down. */
  takeDown(): Promise<void>;
  /** Starts it again after that. */
  putUp(): Promise<void>;
  /** How often it ended by itself. */
  countEnds(): number;
  stop(): Promise<void>;
}

/** Watches over the operator from now on. */
export function superviseOperator(product: Product): Supervisor {
  let isWanted = true;
  let isStopped = false;
  let ends = 0;
  const isUp = () =>
    fetch(`${product.operator.url}/healthz`).then(
      () => true,
      () => false,
    );
  const watch = async () => {
    while (!isStopped) {
      if (isWanted && !(await isUp()) && isWanted && !isStopped) {
        ends += 1;
        // One that did not become ready is tried again with the next look.
        await product.startOperator().catch(() => undefined);
      }
      await new Promise((ok) => setTimeout(ok, 500));
    }
  };
  const watching = watch();
  return {
    takeDown: async () => {
      isWanted = false;
      await product.operator.kill();
    },
    putUp: async () => {
      await product.startOperator();
      isWanted = true;
    },
    countEnds: () => ends,
    stop: async () => {
      isStopped = true;
      await watching;
    },
  };
}
