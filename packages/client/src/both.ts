import type { ClusterId } from "@helix/core";

/** One of each cluster. */
export class Both<T> implements Readonly<Record<ClusterId, T>> {
  readonly A: T;
  readonly B: T;

  constructor(A: T, B: T) {
    this.A = A;
    this.B = B;
  }
}
