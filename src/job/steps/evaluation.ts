import {
  evaluateBoolean,
  evaluateCondition,
  evaluateNumber,
  evaluateText,
  type Scope,
} from '../../workflow/expression.ts';
import type { Json, Template, TemplateMap } from '../../workflow/template.ts';
import type { SearchEffort } from '../globs/search-effort.ts';
import { hashFiles } from './hash-files.ts';

/** Status functions, as they answer in one frame. */
export type StatusFunctions = Record<'success' | 'failure' | 'always' | 'cancelled', () => boolean>;

/** Evaluates what a step has as templates, with the contexts of its moment. */
export class Evaluation {
  readonly #contexts: Scope['contexts'];
  readonly #status: StatusFunctions;
  readonly #files: { workspace: string; effort: SearchEffort };

  /** @param files where `hashFiles` looks, and what it may take */
  constructor(
    contexts: Scope['contexts'],
    status: StatusFunctions,
    files: { workspace: string; effort: SearchEffort },
  ) {
    this.#contexts = contexts;
    this.#status = status;
    this.#files = files;
  }

  /** The same, in an environment that has more. */
  withEnvironment(env: Record<string, string>): Evaluation {
    return new Evaluation({ ...this.#contexts, env }, this.#status, this.#files);
  }

  async text(template: Template): Promise<string> {
    return typeof template === 'string' ? template : this.#evaluate((scope) => evaluateText(template, scope));
  }

  async optionalText(template: Template | undefined): Promise<string | undefined> {
    return template === undefined ? undefined : this.text(template);
  }

  condition(expression: string): Promise<boolean> {
    return this.#evaluate((scope) => evaluateCondition(expression, scope));
  }

  boolean(template: Template): Promise<boolean> {
    return this.#evaluate((scope) => evaluateBoolean(template, scope));
  }

  number(template: Template): Promise<number> {
    return this.#evaluate((scope) => evaluateNumber(template, scope));
  }

  async texts(templates: TemplateMap | undefined): Promise<Record<string, string>> {
    const values: [string, string][] = [];
    for (const [name, template] of Object.entries(templates ?? {})) values.push([name, await this.text(template)]);
    return Object.fromEntries(values);
  }

  /**
   * Functions of expressions are synchronous, and reading files is not: the expression is evaluated again with the
   * hashes that it has asked for, until it asks for no other.
   */
  async #evaluate<T>(evaluate: (scope: Scope) => T): Promise<T> {
    const known = new Map<string, string>();
    for (;;) {
      const wanted: string[][] = [];
      const functions = {
        ...this.#status,
        hashFiles: (...patterns: Json[]): string => {
          const texts = patterns.map(String);
          const hash = known.get(JSON.stringify(texts));
          if (hash === undefined) wanted.push(texts);
          return hash ?? '';
        },
      };
      let value: T | undefined;
      let failed: { error: unknown } | undefined;
      try {
        value = evaluate({ contexts: this.#contexts, functions });
      } catch (error) {
        failed = { error };
      }
      if (wanted.length === 0) {
        if (failed) throw failed.error;
        return value as T;
      }
      const { workspace, effort } = this.#files;
      for (const texts of wanted) known.set(JSON.stringify(texts), await hashFiles(workspace, texts, effort));
    }
  }
}
