/** A queue in which owners take turns: after one item of an owner come the items of all other owners. */
export class RoundRobin<T> {
  /** by owner, the owner of the next turn first */
  readonly #queues = new Map<string, T[]>();

  add(owner: string, item: T): void {
    const queue = this.#queues.get(owner);
    if (queue) queue.push(item);
    else this.#queues.set(owner, [item]);
  }

  /** Removes and returns the next item. */
  next(): T | undefined {
    const [first] = this.#queues;
    if (!first) return undefined;
    const [owner, queue] = first;
    const item = queue.shift();
    this.#queues.delete(owner);
    if (queue.length > 0) this.#queues.set(owner, queue);
    return item;
  }

  remove(owner: string, item: T): void {
    const queue = this.#queues.get(owner);
    const at = queue?.indexOf(item) ?? -1;
    if (!queue || at < 0) return;
    queue.splice(at, 1);
    if (queue.length === 0) this.#queues.delete(owner);
  }
}
