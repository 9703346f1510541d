import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import { root } from './bundle.ts';

interface Described {
  setStatus: { body: object; answer: object };
  listStatuses: { query: string[]; answer: object };
  listPullRequests: { query: string[]; answer: object };
  comments: { read: object; permission: object; body: object };
  $defs: object;
}

/** What a forge is documented to accept and to answer, see test/fixtures/forges/README.md. */
export class ForgeContract {
  readonly #described: Described;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, formats: { int64: true, uri: true } });
  readonly #compiled = new Map<object, ValidateFunction>();

  constructor(kind: ForgeKind) {
    const file = join(root, 'test/fixtures/forges', `${kind === 'forgejo' ? 'gitea' : kind}.json`);
    this.#described = JSON.parse(readFileSync(file, 'utf8')) as Described;
  }

  /** What is wrong with the body of a request that sets a status; undefined if nothing is. */
  wrongBody(body: unknown): string | undefined {
    return this.#wrong(this.#described.setStatus.body, body);
  }

  /** What is wrong with an answer to a request that has set a status. */
  wrongAnswer(answer: unknown): string | undefined {
    return this.#wrong(this.#described.setStatus.answer, answer);
  }

  /** What is wrong with an answer to a request for statuses. */
  wrongList(answer: unknown): string | undefined {
    return this.#wrong(this.#described.listStatuses.answer, answer);
  }

  /** Parameters of a request for statuses that the forge does not know. */
  unknownParameters(query: URLSearchParams): string[] {
    return [...query.keys()].filter((name) => !this.#described.listStatuses.query.includes(name));
  }

  /** What is wrong with an answer to a request for pull requests. */
  wrongPulls(answer: unknown): string | undefined {
    return this.#wrong(this.#described.listPullRequests.answer, answer);
  }

  /** What is wrong with the body of a request that writes a comment. */
  wrongComment(body: unknown): string | undefined {
    return this.#wrong(this.#described.comments.body, body);
  }

  /** What is wrong with an answer that shows a comment, or what somebody may do. */
  wrongCommentAnswer(what: 'read' | 'permission', answer: unknown): string | undefined {
    return this.#wrong(this.#described.comments[what], answer);
  }

  /** Parameters of a request for pull requests that the forge does not know. */
  unknownListParameters(query: URLSearchParams): string[] {
    return [...query.keys()].filter((name) => !this.#described.listPullRequests.query.includes(name));
  }

  #wrong(schema: object, value: unknown): string | undefined {
    const known = this.#compiled.get(schema);
    const validate = known ?? this.#ajv.compile({ ...schema, $defs: this.#described.$defs });
    this.#compiled.set(schema, validate);
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors);
  }
}
