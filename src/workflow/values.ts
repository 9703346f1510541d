import { data } from '@actions/expressions';
import type { Json, JsonObject } from './template.ts';

/**
 * JSON for the evaluator, wrapped lazily. The package's Dictionary loses keys such as `constructor` and `__proto__`, and
 * copies the whole context for each evaluation.
 */
class ObjectValue extends data.Dictionary {
  readonly #object: { [key: string]: Json };
  #byName: Map<string, string> | undefined;
  readonly #wrapped = new Map<string, data.ExpressionData>();

  constructor(object: { [key: string]: Json }) {
    super();
    this.#object = object;
  }

  get json(): { [key: string]: Json } {
    return this.#object;
  }

  override add(): void {
    throw new Error('values of expressions are immutable');
  }

  /** Names are case-insensitive; of two that differ only in case, the first counts. */
  override get(name: string): data.ExpressionData | undefined {
    const key = this.keyOf(name);
    return key === undefined ? undefined : this.#wrap(key);
  }

  protected keyOf(name: string): string | undefined {
    this.#byName ??= new Map(
      Object.keys(this.#object)
        .reverse()
        .map((key) => [key.toLowerCase(), key]),
    );
    return this.#byName.get(name.toLowerCase());
  }

  override values(): data.ExpressionData[] {
    return Object.keys(this.#object).map((key) => this.#wrap(key));
  }

  override pairs(): { key: string; value: data.ExpressionData }[] {
    return Object.keys(this.#object).map((key) => ({ key, value: this.#wrap(key) }));
  }

  protected wrapEntry(_key: string, value: Json): data.ExpressionData {
    return wrap(value);
  }

  #wrap(key: string): data.ExpressionData {
    const known = this.#wrapped.get(key);
    if (known) return known;
    const value = this.wrapEntry(key, this.#object[key] ?? null);
    this.#wrapped.set(key, value);
    return value;
  }
}

/** An object with case-sensitive names. */
class ExactObjectValue extends ObjectValue {
  protected override keyOf(name: string): string | undefined {
    return Object.hasOwn(this.json, name) ? name : undefined;
  }
}

/** Contexts by name. Names of environment variables are case-sensitive, as on GitHub's runner for Linux. */
class ContextsValue extends ObjectValue {
  protected override wrapEntry(key: string, value: Json): data.ExpressionData {
    return key === 'env' && isObject(value) ? new ExactObjectValue(value) : wrap(value);
  }
}

class ListValue extends data.Array {
  readonly json: Json[];
  #wrapped: data.ExpressionData[] | undefined;

  constructor(list: Json[]) {
    super();
    this.json = list;
  }

  override get(index: number): data.ExpressionData {
    return this.values()[index] ?? new data.Null();
  }

  override values(): data.ExpressionData[] {
    this.#wrapped ??= this.json.map(wrap);
    return this.#wrapped;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function wrapContexts(contexts: { [name: string]: Json }): data.Dictionary {
  return new ContextsValue(contexts);
}

export function wrap(value: Json): data.ExpressionData {
  if (value === null) return new data.Null();
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  return Array.isArray(value) ? new ListValue(value) : new ObjectValue(value);
}

export function unwrap(value: data.ExpressionData): Json {
  if (value instanceof ObjectValue || value instanceof ListValue) return value.json;
  if (value instanceof data.StringData || value instanceof data.NumberData || value instanceof data.BooleanData) {
    return value.value;
  }
  if (value instanceof data.Array) return value.values().map(unwrap);
  return null;
}
