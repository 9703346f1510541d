import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect } from 'chai';
import type { Description } from '../../src/web/api/document.ts';

/** Holds what the API answers against its OpenAPI document, as a program would that knows no more than that. */
export class Described {
  readonly #document: Description;
  readonly #ajv = new Ajv2020({ strict: false });
  /** operations that have answered with success */
  readonly succeeded = new Set<string>();

  constructor(document: Description) {
    this.#document = document;
    formats.default(this.#ajv);
    this.#ajv.addSchema(document, 'document');
  }

  get operations(): string[] {
    return Object.values(this.#document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
  }

  /** Fails where the answer's status, content or headers are none of those that the document has. */
  async check(method: string, path: string, answer: Response): Promise<void> {
    const [template, operation] = this.#operationAt(method, path);
    const response = operation.responses[answer.status];
    const what = `${method} ${path} → ${answer.status}`;
    const text = answer.headers.get('content-type')?.startsWith('text/event-stream') ? '' : await answer.text();
    if (!response) expect.fail(`${what} is not described: ${text}`);
    for (const name of Object.keys(response.headers ?? {})) {
      if (name !== 'Link') expect(answer.headers.get(name), `${what}: ${name}`).to.be.a('string');
    }
    const types = Object.keys(response.content ?? {});
    if (types.length === 0) expect(text, what).to.equal('');
    else {
      const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
      expect(types, what).to.include(type);
      if (type === 'application/json') this.#validate(template, method, answer.status, text);
    }
    if (answer.ok) this.succeeded.add(operation.operationId);
  }

  #validate(template: string, method: string, status: number, text: string): void {
    const parts = ['paths', template, method, 'responses', String(status), 'content', 'application/json', 'schema'];
    const pointer = parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
    const validate = this.#ajv.compile({ $ref: `document#/${encodeURI(pointer)}` });
    if (!validate(JSON.parse(text)))
      expect.fail(`${method} ${template} → ${status}: ${this.#ajv.errorsText(validate.errors)}: ${text}`);
  }

  #operationAt(method: string, path: string) {
    const { pathname } = new URL(path, 'http://volt');
    const parts = pathname.split('/');
    const fits = (template: string) => {
      const others = template.split('/');
      return others.length === parts.length && others.every((one, index) => /^\{/.test(one) || one === parts[index]);
    };
    const template = Object.keys(this.#document.paths)
      .filter((one) => fits(one) && this.#document.paths[one]?.[method])
      // a word goes before a parameter
      .sort((a, b) => a.split('{').length - b.split('{').length)[0];
    const operation = this.#document.paths[template ?? '']?.[method];
    if (template === undefined || !operation) return expect.fail(`${method} ${path} is not described`);
    return [template, operation] as const;
  }
}
