import type { Automaton } from './automaton.ts';

const [lineFeed, carriageReturn] = [10, 13];
/** Programs wrap encoded text at 60, 64 or 76 characters; shorter lines are not wrapped text. */
const shortestWrapped = 16;

/** Bytes of a stream from `start` to before `end`, counted from its beginning. */
export interface Range {
  start: number;
  end: number;
}

/** Searches a stream for strings, chunk by chunk. */
export interface Scan {
  /** @param found takes the ranges in order; overlapping ones are merged */
  push(bytes: Buffer, found: Range[]): void;
  /** position of the bytes that may be the beginning of a string whose rest is still to come */
  readonly openFrom: number;
}

/** Searches for strings as they are. */
export class PlainScan implements Scan {
  readonly #automaton: Automaton;
  #node = 0;
  #at: number;

  /** @param at bytes of the stream before this scan */
  constructor(automaton: Automaton, at: number) {
    this.#automaton = automaton;
    this.#at = at;
  }

  get openFrom(): number {
    return this.#at - (this.#automaton.depth[this.#node] as number);
  }

  push(bytes: Buffer, found: Range[]): void {
    const automaton = this.#automaton;
    const { begins, found: lengths } = automaton;
    const last = bytes.length - 1;
    let node = this.#node;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] as number;
      // the byte after the last one is not known yet
      if (node === 0 && index < last && begins[(byte << 8) | (bytes[index + 1] as number)] === 0) continue;
      node = automaton.next(node, byte);
      const length = lengths[node] as number;
      if (length > 0) addRange(found, this.#at + index + 1 - length, this.#at + index + 1);
    }
    this.#node = node;
    this.#at += bytes.length;
  }
}

/** Searches for strings that may be broken into lines anywhere, as encoders do. */
export class WrappedScan implements Scan {
  readonly #automaton: Automaton;
  #node = 0;
  #at: number;
  /** positions of line breaks in what may be the beginning of a string, and of some before */
  #breaks: number[] = [];
  /** position of the last carriage return */
  #returnAt = -1;

  /** @param at how much of the stream has gone by */
  constructor(automaton: Automaton, at: number) {
    this.#automaton = automaton;
    this.#at = at;
  }

  get openFrom(): number {
    return this.#startOf(this.#automaton.depth[this.#node] as number, this.#at);
  }

  push(bytes: Buffer, found: Range[]): void {
    const automaton = this.#automaton;
    const { begins, found: lengths } = automaton;
    const at = this.#at;
    const last = bytes.length - 1;
    let node = this.#node;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] as number;
      // of the last byte it is not known yet what follows
      if (node === 0 && index < last && begins[(byte << 8) | (bytes[index + 1] as number)] === 0) continue;
      if (byte === lineFeed || byte === carriageReturn) {
        if (!this.#isWrap(byte, at + index)) node = 0;
        continue;
      }
      node = automaton.next(node, byte);
      if (node === 0) this.#breaks.length = 0;
      const length = lengths[node] as number;
      if (length > 0) addRange(found, this.#startOf(length, at + index + 1), at + index + 1);
    }
    this.#node = node;
    this.#at = at + bytes.length;
    const open = this.openFrom;
    this.#breaks = this.#breaks.filter((position) => position >= open - shortestWrapped);
  }

  /** @returns false if the line is too short for wrapped text */
  #isWrap(byte: number, position: number): boolean {
    const last = this.#breaks.at(-1);
    const isSame = byte === lineFeed && this.#returnAt === position - 1;
    if (byte === carriageReturn) this.#returnAt = position;
    if (last !== undefined && !isSame && position - last <= shortestWrapped) {
      this.#breaks.length = 0;
      return false;
    }
    this.#breaks.push(position);
    return true;
  }

  /** Start of that many bytes before a position, line breaks not counted. */
  #startOf(length: number, end: number): number {
    const breaks = this.#breaks;
    // the more line breaks are counted in, the earlier the bytes begin
    let [low, high] = [0, breaks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((breaks[breaks.length - 1 - middle] as number) + middle < end - length) high = middle;
      else low = middle + 1;
    }
    return end - length - low;
  }
}

function addRange(found: Range[], from: number, end: number): void {
  let start = from;
  for (let last = found.at(-1); last && last.end > start; last = found.at(-1)) {
    start = Math.min(start, last.start);
    found.pop();
  }
  found.push({ start, end });
}
