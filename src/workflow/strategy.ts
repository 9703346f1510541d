import { evaluateValue } from './evaluate-value.ts';
import { booleanOf, evaluateBoolean, evaluateNumber, numberOf, type Scope } from './expression.ts';
import type { Json } from './template.ts';
import { isObject } from './values.ts';
import type { Strategy } from './workflow.ts';

export interface EvaluatedStrategy {
  /** absent if there is none */
  matrix?: Json;
  failFast: boolean;
  maxParallel?: number;
}

const keys = ['matrix', 'fail-fast', 'max-parallel'];

/** @throws ExpressionFailed; Error with a message for the author */
export function strategyOf({ whole, matrix, failFast, maxParallel }: Strategy, scope: Scope): EvaluatedStrategy {
  if (whole === undefined) {
    return {
      ...(matrix !== undefined && { matrix: evaluateValue(matrix, scope) }),
      failFast: evaluateBoolean(failFast, scope),
      ...(maxParallel !== undefined && { maxParallel: evaluateNumber(maxParallel, scope) }),
    };
  }
  const value = evaluateValue(whole, scope);
  if (!isObject(value)) throw new Error('`strategy` must be a mapping');
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw new Error(`\`strategy\` has the unknown key "${unknown}"; the keys are ${keys.join(', ')}`);
  const { matrix: combinations, 'fail-fast': fast = true, 'max-parallel': most } = value;
  return {
    ...(combinations !== undefined && { matrix: combinations }),
    failFast: booleanOf(fast, '`fail-fast`'),
    ...(most !== undefined && { maxParallel: numberOf(most, '`max-parallel`') }),
  };
}
