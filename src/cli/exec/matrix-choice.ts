import { VoltError } from '../../kernel/errors.ts';
import type { EarlyMatrix } from '../../workflow/early-matrix.ts';
import { toText } from '../../workflow/expression.ts';
import type { Json } from '../../workflow/template.ts';

type Values = Map<string, Set<string>>;

/** The values that a combination of a matrix must have to run, as a person has given them. */
export class MatrixChoice {
  readonly #wanted: readonly (readonly [key: string, value: string])[];
  /** values of all combinations that are known, by key */
  readonly #values: Values = new Map();
  /** ids of the jobs that run before the values of a key are known; those of '' before any key is */
  readonly #after: Values = new Map();

  constructor(wanted: { readonly [key: string]: string }) {
    this.#wanted = Object.entries(wanted);
  }

  get isEmpty(): boolean {
    return this.#wanted.length === 0;
  }

  /**
   * Checks, before any job runs, that the values exist.
   * @throws VoltError `not_found` for a value that no matrix has or may get later
   */
  check(matrices: readonly EarlyMatrix[]): void {
    const possible: Values = new Map();
    for (const { values, later, after } of matrices) {
      const isComplete = later !== 'any' && later.size === 0;
      for (const [key, list] of Object.entries(values)) {
        add(possible, key, list.map(toText));
        if (isComplete) add(this.#values, key, list.map(toText));
      }
      for (const key of later === 'any' ? [''] : later) add(this.#after, key, after);
    }
    const missing = this.#wanted.find(
      ([key, value]) => !has(possible, key, value) && !this.#after.has(key) && !this.#after.has(''),
    );
    if (missing) throw this.#notFound(missing, possible);
  }

  /** Whether a combination is wanted; its values are known from now on. */
  fits(matrix: { readonly [key: string]: Json }): boolean {
    for (const [key, value] of Object.entries(matrix)) add(this.#values, key, [toText(value)]);
    return this.#wanted.every(([key, value]) => !(key in matrix) || toText(matrix[key] ?? null) === value);
  }

  /** The error for a value that does not exist, once all matrices are known. */
  notFoundError(): VoltError | undefined {
    const missing = this.#wanted.find(([key, value]) => !has(this.#values, key, value));
    return missing && this.#notFound(missing, this.#values);
  }

  #notFound([key, value]: readonly [key: string, value: string], values: Values): VoltError {
    const after = new Set([...(this.#after.get(key) ?? []), ...(this.#after.get('') ?? [])]);
    const why = after.size === 0 ? '' : `, which is known only after ${[...after].join(', ')}`;
    const known = values.get(key);
    return new VoltError('not_found', `no job has ${key}=${value} in its matrix${why}`, {
      remedy: known
        ? `The values of ${key} are ${[...known].join(', ')}.`
        : values.size > 0
          ? `The keys of the matrix are ${[...values.keys()].join(', ')}.`
          : 'No job that runs has a matrix.',
    });
  }
}

function add(to: Values, key: string, values: readonly string[]): void {
  to.set(key, new Set([...(to.get(key) ?? []), ...values]));
}

function has(values: Values, key: string, value: string): boolean {
  return values.get(key)?.has(value) ?? false;
}
