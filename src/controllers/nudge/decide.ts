/** Which owners of pods have to be woken: those that name an opened digest and lack pods. Pure. */

/** An object that makes pods, as far as that is decided by it. */
export interface Owner {
  metadata: { name: string; uid?: string };
  spec: {
    replicas?: number;
    suspend?: boolean;
    template?: {
      spec?: {
        containers?: { image?: string }[];
        initContainers?: { image?: string }[];
        volumes?: { image?: { reference?: string } }[];
      };
    };
  };
  status?: {
    replicas?: number;
    active?: number;
    desiredNumberScheduled?: number;
    currentNumberScheduled?: number;
    conditions?: { type: string; status: string }[];
  };
}

/** Every image that the owner's pods name. */
export function listImages({ spec: { template } }: Owner): string[] {
  const { containers = [], initContainers = [], volumes = [] } = template?.spec ?? {};
  const references = volumes.map(({ image }) => image?.reference);
  return [...containers.map(({ image }) => image), ...initContainers.map(({ image }) => image), ...references].filter(
    (image) => image !== undefined,
  );
}

/** Whether the owner has fewer pods than it wants. */
export function lacksPods(kind: string, { spec, status = {} }: Owner): boolean {
  switch (kind) {
    case "Job": {
      const isOver = status.conditions?.some(
        ({ type, status: is }) => is === "True" && /^(Complete|Failed)$/.test(type),
      );
      return spec.suspend !== true && isOver !== true && (status.active ?? 0) === 0;
    }
    case "DaemonSet": {
      // One whose every pod was refused so far may not have come to write a status.
      const { desiredNumberScheduled: desired = 0, currentNumberScheduled: current = 0 } = status;
      return desired === 0 || current < desired;
    }
    default:
      return (status.replicas ?? 0) < (spec.replicas ?? 1);
  }
}

/** Whether the owner has to be woken now that `opened` may run. A tag may have been pinned to one of them. */
export function needsNudge(kind: string, owner: Owner, opened: ReadonlySet<string>): boolean {
  if (!lacksPods(kind, owner)) return false;
  return listImages(owner).some((image) => !image.includes("@") || opened.has(image.slice(image.lastIndexOf("@") + 1)));
}
