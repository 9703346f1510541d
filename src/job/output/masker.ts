import { disguises } from './disguises.ts';

const stars = Buffer.from('***');

/**
 * Replaces secrets in a stream of bytes by `***`. A secret is found over the borders of chunks: what may be the
 * beginning of one is held back until the next chunk, or the end, says what it is. Secrets that overlap are hidden
 * together.
 */
export class Masker {
  readonly #known = new Set<string>();
  /** patterns by their first two bytes; a pattern of one byte stands under each pair that it begins */
  readonly #byStart = new Map<number, Buffer[]>();
  /** 1 for each pair of bytes that a pattern begins with */
  readonly #starts = new Uint8Array(65_536);
  readonly #firsts = new Uint8Array(256);
  #longest = 0;
  #held: Buffer = Buffer.alloc(0);

  /** @param secrets values to hide, with the forms in which they usually show */
  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** Hides this value from now on. */
  add(secret: string): void {
    for (const form of disguises(secret)) {
      if (this.#known.has(form)) continue;
      this.#known.add(form);
      this.#learn(Buffer.from(form));
    }
  }

  /** The bytes that may be shown now. */
  push(chunk: Buffer): Buffer {
    if (this.#longest === 0) return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const ranges = this.#find(bytes);
    let open = this.#openFrom(bytes);
    // what a held beginning overlaps is hidden together with it or not at all
    open = ranges.find(({ start, end }) => start < open && open < end)?.start ?? open;
    this.#held = Buffer.from(bytes.subarray(open));
    return hide(
      bytes.subarray(0, open),
      ranges.filter(({ end }) => end <= open),
    );
  }

  /** What was held back, since nothing follows. */
  end(): Buffer {
    const bytes = this.#held;
    this.#held = Buffer.alloc(0);
    return hide(bytes, this.#find(bytes));
  }

  /** A text that is whole, such as a message for people. */
  text(text: string): string {
    if (this.#longest === 0) return text;
    const bytes = Buffer.from(text);
    const ranges = this.#find(bytes);
    return ranges.length === 0 ? text : hide(bytes, ranges).toString();
  }

  #learn(pattern: Buffer): void {
    const [first = 0, second] = pattern;
    const pairs =
      second === undefined ? Array.from({ length: 256 }, (_, next) => (first << 8) | next) : [(first << 8) | second];
    for (const pair of pairs) {
      this.#starts[pair] = 1;
      this.#byStart.set(pair, [...(this.#byStart.get(pair) ?? []), pattern]);
    }
    this.#firsts[first] = 1;
    this.#longest = Math.max(this.#longest, pattern.length);
  }

  /** Where secrets stand, in order; those that overlap are one. */
  #find(bytes: Buffer): { start: number; end: number }[] {
    const found: { start: number; end: number }[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const pair = ((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0);
      if (this.#starts[pair] === 0) continue;
      let length = 0;
      for (const pattern of this.#byStart.get(pair) ?? []) {
        if (pattern.length > length && standsAt(bytes, at, pattern, pattern.length)) length = pattern.length;
      }
      if (length === 0) continue;
      const last = found.at(-1);
      if (last && at < last.end) last.end = Math.max(last.end, at + length);
      else found.push({ start: at, end: at + length });
    }
    return found;
  }

  /** From where on the bytes may be the beginning of a secret whose rest is still to come. */
  #openFrom(bytes: Buffer): number {
    for (let at = Math.max(0, bytes.length - this.#longest + 1); at < bytes.length; at++) {
      const first = bytes[at] as number;
      if (this.#firsts[first] === 0) continue;
      const rest = bytes.length - at;
      const candidates =
        rest === 1 ? this.#beginningWith(first) : (this.#byStart.get((first << 8) | (bytes[at + 1] as number)) ?? []);
      for (const pattern of candidates) if (pattern.length > rest && standsAt(bytes, at, pattern, rest)) return at;
    }
    return bytes.length;
  }

  *#beginningWith(first: number): Iterable<Buffer> {
    for (let pair = first << 8; pair < (first + 1) << 8; pair++) yield* this.#byStart.get(pair) ?? [];
  }
}

function standsAt(bytes: Buffer, at: number, pattern: Buffer, length: number): boolean {
  return at + length <= bytes.length && bytes.compare(pattern, 0, length, at, at + length) === 0;
}

function hide(bytes: Buffer, ranges: readonly { start: number; end: number }[]): Buffer {
  if (ranges.length === 0) return bytes;
  const parts: Buffer[] = [];
  let from = 0;
  for (const { start, end } of ranges) {
    parts.push(bytes.subarray(from, start), stars);
    from = end;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
}
