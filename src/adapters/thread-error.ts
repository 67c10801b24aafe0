/** A thread that died, or was ended because it took too long. By itself: who catches it need not load what makes threads. */
export class ThreadError extends Error {}
