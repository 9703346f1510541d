import { parseJson } from '../system/parse-json.ts';

/** JSON of a stranger, read field by field. What is missing, too long or of another type is null. */
export class Payload {
  readonly #value: unknown;

  private constructor(value: unknown) {
    this.#value = value;
  }

  /** @param text that is not JSON has no fields */
  static parse(text: string): Payload {
    return new Payload(parseJson(text));
  }

  /** @param value parsed JSON */
  static of(value: unknown): Payload {
    return new Payload(value);
  }

  /** @param keys names of fields, each inside of the one before */
  at(...keys: string[]): Payload {
    let value = this.#value;
    for (const key of keys) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return new Payload(undefined);
      value = (value as Record<string, unknown>)[key];
    }
    return new Payload(value);
  }

  /** As it came: of any type and size. */
  get value(): unknown {
    return this.#value;
  }

  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }

  /** @param most characters; a longer text is cut */
  text(most: number): string | null {
    return typeof this.#value === 'string' ? this.#value.slice(0, most) : null;
  }

  flag(): boolean | null {
    return typeof this.#value === 'boolean' ? this.#value : null;
  }

  /** A number of a pull request. */
  number(): number | null {
    const value = this.#value;
    return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31 ? value : null;
  }

  /** A number that names something, such as a comment. */
  id(): number | null {
    const value = this.#value;
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
  }

  /** Milliseconds since 1970, from a text, such milliseconds, or a text of seconds. */
  time(): number | null {
    const value = this.#value;
    const given = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) * 1000 : value;
    const time = typeof given === 'string' ? Date.parse(given) : given;
    return typeof time === 'number' && Number.isFinite(time) && time > 0 && time < 1e14 ? Math.round(time) : null;
  }

  /** An address of a page. */
  url(): string | null {
    const text = this.text(2001);
    return text !== null && text.length <= 2000 && /^https?:\/\/[^\s]+$/.test(text) ? text : null;
  }

  /** The first entries of a list; null where there is none. */
  list(most: number): Payload[] | null {
    return Array.isArray(this.#value) ? this.#value.slice(0, most).map((entry) => new Payload(entry)) : null;
  }
}
