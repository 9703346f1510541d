import { contextsIn, isCheap } from '../../workflow/cost.ts';
import { evaluateValue } from '../../workflow/evaluate-value.ts';
import type { Scope } from '../../workflow/expression.ts';
import type { Json, Template, Templates, ValueTemplate } from '../../workflow/template.ts';
import type { SearchBudget } from '../globs/search-budget.ts';
import { type Answer, type Evaluated, evaluateAll, expressionsOf, type Question } from '../texts/evaluate.ts';
import type { JobTexts } from '../texts/job-texts.ts';
import { hashFiles } from './hash-files.ts';

export type StatusFunctions = Record<'success' | 'failure' | 'always' | 'cancelled', () => boolean>;

/** What an evaluation needs from its job. */
export interface EvaluationSettings {
  /** the folder that `hashFiles` searches, and its limits */
  workspace: string;
  budget: SearchBudget;
  texts: JobTexts;
}

/** Evaluates the templates of a step, with the contexts at the time of the call. */
export class Evaluation {
  readonly #contexts: Scope['contexts'];
  readonly #status: StatusFunctions;
  readonly #settings: EvaluationSettings;

  constructor(contexts: Scope['contexts'], status: StatusFunctions, settings: EvaluationSettings) {
    this.#contexts = contexts;
    this.#status = status;
    this.#settings = settings;
  }

  /** The same with another environment. */
  withEnvironment(env: Record<string, string>): Evaluation {
    return new Evaluation({ ...this.#contexts, env }, this.#status, this.#settings);
  }

  async text(template: Template): Promise<string> {
    return typeof template === 'string' ? template : this.#ask<string>({ as: 'text', template });
  }

  async optionalText(template: Template | undefined): Promise<string | undefined> {
    return template === undefined ? undefined : this.text(template);
  }

  condition(expression: string): Promise<boolean> {
    return this.#ask({ as: 'condition', expression });
  }

  boolean(template: Template): Promise<boolean> {
    return this.#ask({ as: 'boolean', template });
  }

  number(template: Template): Promise<number> {
    return this.#ask({ as: 'number', template });
  }

  async texts(entries: Templates = {}): Promise<Record<string, string>> {
    return this.#ask({ as: 'entries', entries });
  }

  value(value: ValueTemplate): Promise<Json> {
    return this.#ask({ as: 'value', value });
  }

  async #ask<T extends Answer>(question: Question): Promise<T> {
    const [value] = await this.#evaluate([question]);
    return value as T;
  }

  /**
   * Functions of expressions are synchronous, but reading files is not: an expression that needs hashes is evaluated
   * again once they are known, until it needs no more.
   */
  async #evaluate(questions: readonly Question[]): Promise<Answer[]> {
    const expressions = expressionsOf(questions);
    if (expressions.length === 0) return questions.map(known);
    const contexts = contextsIn(expressions, this.#contexts);
    const { success, failure, always, cancelled } = this.#status;
    const status = { success: success(), failure: failure(), always: always(), cancelled: cancelled() };
    const hashes = new Map<string, string>();
    const given = { questions, contexts, status, hashes };
    const [first = ''] = expressions;
    const what = `cannot evaluate \${{ ${first.slice(0, 100)}${first.length > 100 ? '…' : ''} }}`;
    const evaluate = isCheap(expressions, contexts)
      ? async (): Promise<Evaluated> => evaluateAll(given)
      : () => this.#settings.texts.work('evaluate', given, what);
    for (;;) {
      const evaluated = await evaluate();
      if ('values' in evaluated) return evaluated.values;
      const { workspace, budget } = this.#settings;
      for (const key of evaluated.missing) {
        hashes.set(key, await hashFiles(workspace, JSON.parse(key) as string[], budget));
      }
    }
  }
}

/** The value of a question without expressions. */
function known(question: Question): Answer {
  if (question.as === 'value') return evaluateValue(question.value, { contexts: {} });
  if (question.as === 'entries') return { ...(question.entries as Record<string, string>) };
  return (question as { template: string }).template;
}
