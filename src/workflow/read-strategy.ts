import { MappingToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { errorText } from '../kernel/errors.ts';
import { evaluateValue, isLiteral } from './evaluate-value.ts';
import { expandMatrix } from './matrix.ts';
import { hasExpressionKey, type Reading } from './reading.ts';
import { labelsOf } from './runs-on.ts';
import type { Strategy, ValueTemplate } from './workflow.ts';

/** Reads `runs-on`; labels without expressions are checked. */
export function readRunsOn(reading: Reading, token: TemplateToken): ValueTemplate {
  const value = reading.value(token);
  // the parser reports an empty value
  if (value !== null && isLiteral(value)) {
    const problem = thrownBy(() => labelsOf(value, { contexts: {} }, []));
    // GitHub allows more here, so only this job cannot run
    if (problem !== undefined) reading.report('unsupported', token, problem);
  }
  return value;
}

function checkMatrix(reading: Reading, token: TemplateToken): void {
  const value = reading.value(token);
  if (!isLiteral(value)) return;
  const problem = thrownBy(() => expandMatrix(evaluateValue(value, { contexts: {} })));
  if (problem !== undefined) reading.invalidUnlessKnown(token, problem);
}

/** The message of the error that a check throws. */
function thrownBy(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

/** Reads `strategy`; a matrix without expressions is checked. */
export function readStrategy(reading: Reading, token: TemplateToken): Strategy {
  if (!(token instanceof MappingToken) || hasExpressionKey(token)) {
    return { whole: reading.value(token), failFast: 'true' };
  }
  const fields = new Map(reading.entries(token).map(({ key, value }) => [key, value]));
  const [matrix, failFast, maxParallel] = ['matrix', 'fail-fast', 'max-parallel'].map((key) => fields.get(key));
  if (matrix) checkMatrix(reading, matrix);
  return {
    ...(matrix && { matrix: reading.value(matrix) }),
    failFast: failFast ? reading.template(failFast) : 'true',
    ...(maxParallel && { maxParallel: reading.template(maxParallel) }),
  };
}
