import { evaluateEntries } from '../../workflow/evaluate-entries.ts';
import { evaluateValue } from '../../workflow/evaluate-value.ts';
import {
  evaluateBoolean,
  evaluateCondition,
  evaluateNumber,
  evaluateText,
  type Scope,
} from '../../workflow/expression.ts';
import {
  expressionsIn,
  type Json,
  type Template,
  type Templates,
  templatesIn,
  templatesInValue,
  type ValueTemplate,
} from '../../workflow/template.ts';

/** What to evaluate, and the type of its value. */
export type Question =
  | { as: 'text' | 'boolean' | 'number'; template: Template }
  | { as: 'entries'; entries: Templates }
  | { as: 'value'; value: ValueTemplate }
  /** an expression without `${{ }}` */
  | { as: 'condition'; expression: string };

/** Questions, and all that their answers depend on. */
export interface Evaluable {
  questions: readonly Question[];
  contexts: Scope['contexts'];
  /** the values of the status functions */
  status: Readonly<Record<'success' | 'failure' | 'always' | 'cancelled', boolean>>;
  /** known hashes, by the arguments of `hashFiles` as JSON */
  hashes: ReadonlyMap<string, string>;
}

/** Answers in the order of the questions; or the arguments of `hashFiles` whose hash is needed first. */
export type Evaluated = { values: Answer[] } | { missing: string[] };
export type Answer = Json;

/** Characters that the values of one evaluation may have together, such as the environment of a step. */
const mostText = 2_097_152;

/** @throws ExpressionFailed; Error if the values are too large together */
export function evaluateAll({ questions, contexts, status, hashes }: Evaluable): Evaluated {
  const missing = new Set<string>();
  const functions = {
    success: () => status.success,
    failure: () => status.failure,
    always: () => status.always,
    cancelled: () => status.cancelled,
    hashFiles: (...patterns: Json[]): string => {
      const key = JSON.stringify(patterns.map(String));
      const hash = hashes.get(key);
      if (hash === undefined) missing.add(key);
      return hash ?? '';
    },
  };
  const scope = { contexts, functions };
  const values: Answer[] = [];
  let length = 0;
  try {
    for (const question of questions) {
      const value = answer(question, scope);
      length += lengthOf(value);
      if (length > mostText) throw new Error(`the values have more than ${mostText} characters together`);
      values.push(value);
    }
  } catch (error) {
    // it may be caused by a hash that is not known yet
    if (missing.size === 0) throw error;
  }
  return missing.size === 0 ? { values } : { missing: [...missing] };
}

function lengthOf(value: Answer): number {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).reduce((sum, [key, each]) => sum + key.length + lengthOf(each), 0);
  return typeof value === 'string' ? value.length : 1;
}

function answer(question: Question, scope: Scope): Answer {
  switch (question.as) {
    case 'entries':
      return evaluateEntries(question.entries, scope);
    case 'value':
      return evaluateValue(question.value, scope);
    case 'text':
      return evaluateText(question.template, scope);
    case 'boolean':
      return evaluateBoolean(question.template, scope);
    case 'number':
      return evaluateNumber(question.template, scope);
    case 'condition':
      return evaluateCondition(question.expression, scope);
  }
}

export function expressionsOf(questions: readonly Question[]): string[] {
  return questions.flatMap((question) => {
    if (question.as === 'condition') return [question.expression];
    if (question.as === 'entries') return templatesIn(question.entries).flatMap(expressionsIn);
    if (question.as === 'value') return templatesInValue(question.value).flatMap(expressionsIn);
    return expressionsIn(question.template);
  });
}
