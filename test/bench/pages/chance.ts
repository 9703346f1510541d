import { Random } from '../../support/random.ts';

/** Random choices of the test data, the same for the same seed. */
export class Chance extends Random {
  /** whether an event with this probability happens */
  is(probability: number): boolean {
    return this.next() < probability;
  }

  /** an integer from 0 up to, but not including, `below` */
  below(below: number): number {
    return this.between(0, below - 1);
  }

  of<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  /** a number near `mean` */
  about(mean: number): number {
    return Math.max(1, Math.round(mean * (0.6 + 0.8 * this.next() * this.next() + 0.3 * this.next())));
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join('');
  }
}
