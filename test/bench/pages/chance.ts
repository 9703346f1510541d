/** Numbers that look random and are the same for the same seed: mulberry32, by Tommy Ettinger. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** from 0 up to, and without, 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** whether something of this probability happens */
  is(probability: number): boolean {
    return this.next() < probability;
  }

  /** a whole number from 0 up to, and without, `below` */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  of<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  /** about `mean`, never far from it */
  about(mean: number): number {
    return Math.max(1, Math.round(mean * (0.6 + 0.8 * this.next() * this.next() + 0.3 * this.next())));
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join('');
  }
}
