import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { root } from './bundle.ts';
import type { Answer, SeenRequest } from './fake-forge.ts';

interface Operation {
  /** status of a successful answer */
  done: number;
  query: string[];
  body?: object;
  answer?: object;
}

interface Described {
  operations: { [operation: string]: Operation };
  $defs: object;
}

/** What GitHub documents of the requests of an App, see test/fixtures/forges/README.md. */
export class GithubContract {
  readonly #described: Described;
  readonly #ajv = new Ajv2020({
    ...{ strict: false, allErrors: true },
    formats: { int64: true, uri: true, 'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ },
  });
  readonly #compiled = new Map<object, ValidateFunction>();

  constructor() {
    this.#described = JSON.parse(readFileSync(join(root, 'test/fixtures/forges/github-app.json'), 'utf8')) as Described;
  }

  /** What is wrong with a request, without what the fake knows; undefined if nothing is, or it is not described. */
  wrongRequest({ method, path, query, body }: SeenRequest): string | undefined {
    const operation = this.#operation(method, path);
    if (!operation) return undefined;
    const unknown = [...query.keys()].filter((name) => !operation.query.includes(name));
    if (unknown.length > 0) return `no parameter ${unknown}`;
    if (!operation.body) return body === undefined ? undefined : 'a body that nobody reads';
    return this.#wrong(operation.body, body);
  }

  /** What is wrong with a successful answer of the fake itself. */
  wrongAnswer({ method, path }: SeenRequest, { status, body }: Answer): string | undefined {
    const operation = this.#operation(method, path);
    if (!operation || status >= 300) return undefined;
    if (status !== operation.done) return `${status} in place of ${operation.done}`;
    return operation.answer && this.#wrong(operation.answer, body);
  }

  #operation(method: string, path: string): Operation | undefined {
    const found = Object.entries(this.#described.operations).find(([name]) => {
      const [verb, pattern = ''] = name.split(' ');
      return verb === method && new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
    });
    return found?.[1];
  }

  #wrong(schema: object, value: unknown): string | undefined {
    const known = this.#compiled.get(schema);
    const validate = known ?? this.#ajv.compile({ ...schema, $defs: this.#described.$defs });
    this.#compiled.set(schema, validate);
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors);
  }
}
