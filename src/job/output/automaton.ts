/**
 * Finds many byte strings in one pass (Aho and Corasick, "Efficient string matching", 1975): it reads each byte once,
 * however many strings there are and however alike they begin. A node is a prefix of a string; node 0 is the empty one.
 * Most nodes have one child, which has the next number, so that nothing else is stored for it.
 */
export class Automaton {
  /** length of the node's prefix */
  readonly depth: Int32Array;
  /** length of the longest string that ends at the node; 0 for none */
  readonly found: Int32Array;
  /** 1 for each pair of bytes with which a string may begin; a line break may be between them */
  readonly begins = new Uint8Array(65_536);
  /** the byte of a node whose parent has the number before it; -1 for others */
  readonly #chained: Int16Array;
  /** the longest other prefix with which the node's prefix ends */
  readonly #fallback: Int32Array;
  readonly #branches: Uint8Array;
  /** children that do not have the next number, by parent and byte */
  readonly #children = new Map<number, number>();
  /** nodes of one byte have the first numbers; for these and the empty one, the node to which each byte leads */
  readonly #rows: Int32Array;
  readonly #dense: number;

  /** @param strings none of which is empty */
  constructor(strings: readonly Buffer[]) {
    const most = strings.reduce((sum, { length }) => sum + length, 1) + 1;
    const parents = new Int32Array(most);
    const bytes = new Uint8Array(most);
    this.depth = new Int32Array(most);
    this.found = new Int32Array(most);
    this.#chained = new Int16Array(most).fill(-1);
    this.#fallback = new Int32Array(most);
    this.#branches = new Uint8Array(most);
    let count = 1;
    const add = (parent: number, byte: number): number => {
      const node = count++;
      parents[node] = parent;
      bytes[node] = byte;
      this.depth[node] = (this.depth[parent] as number) + 1;
      if (node === parent + 1) this.#chained[node] = byte;
      else {
        this.#branches[parent] = 1;
        this.#children.set(parent * 256 + byte, node);
      }
      return node;
    };
    for (const byte of new Set(strings.map((string) => string[0] as number))) {
      add(0, byte);
      for (const second of [10, 13]) this.begins[(byte << 8) | second] = 1;
    }
    this.#dense = count - 1;
    for (const string of strings) {
      const [first = 0, second] = string;
      if (second === undefined) this.begins.fill(1, first << 8, (first + 1) << 8);
      else this.begins[(first << 8) | second] = 1;
      let node = 0;
      for (const byte of string) node = this.#child(node, byte) ?? add(node, byte);
      this.found[node] = string.length;
    }
    const order = byDepth(this.depth.subarray(0, count));
    for (const node of order) this.#link(node, parents[node] as number, bytes[node] as number);
    this.#rows = new Int32Array((this.#dense + 1) * 256);
    for (let node = 0; node <= this.#dense; node++) {
      for (let byte = 0; byte < 256; byte++)
        this.#rows[node * 256 + byte] = this.#child(node, byte) ?? this.#child(0, byte) ?? 0;
    }
  }

  /** The node to which a byte leads. */
  next(node: number, byte: number): number {
    let at = node;
    while (at > this.#dense) {
      if (this.#chained[at + 1] === byte) return at + 1;
      const child = this.#branches[at] === 1 ? this.#children.get(at * 256 + byte) : undefined;
      if (child !== undefined) return child;
      at = this.#fallback[at] as number;
    }
    return this.#rows[at * 256 + byte] as number;
  }

  #child(node: number, byte: number): number | undefined {
    if (this.#chained[node + 1] === byte) return node + 1;
    return this.#branches[node] === 1 ? this.#children.get(node * 256 + byte) : undefined;
  }

  /** Links a node; nodes with shorter prefixes are linked already. */
  #link(node: number, parent: number, byte: number): void {
    let at = parent;
    let target: number | undefined;
    while (at !== 0 && target === undefined) {
      at = this.#fallback[at] as number;
      target = this.#child(at, byte);
    }
    this.#fallback[node] = target ?? 0;
    this.found[node] ||= this.found[target ?? 0] as number;
  }
}

/** All nodes but the empty one, those with short prefixes first. */
function byDepth(depth: Int32Array): Int32Array {
  let deepest = 0;
  for (const each of depth) if (each > deepest) deepest = each;
  const starts = new Int32Array(deepest + 2);
  for (const each of depth) (starts[each + 1] as number)++;
  for (let at = 1; at < starts.length; at++) (starts[at] as number) += starts[at - 1] as number;
  const order = new Int32Array(depth.length);
  for (let node = 0; node < depth.length; node++) order[(starts[depth[node] as number] as number)++] = node;
  return order.subarray(1);
}
