import { MappingToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { errorText } from '../kernel/errors.ts';
import { evaluateValue, isLiteral } from './evaluate-value.ts';
import { expandMatrix } from './matrix.ts';
import { labelsOf } from './runs-on.ts';
import type { ValueTemplate } from './template.ts';
import { hasExpressionKey, type TokenReader } from './token-reader.ts';
import type { Strategy } from './workflow.ts';

/** Reads `runs-on`; labels without expressions are checked. */
export function readRunsOn(reader: TokenReader, token: TemplateToken): ValueTemplate {
  const value = reader.value(token);
  // the parser reports an empty value
  if (value !== null && isLiteral(value)) {
    const problem = thrownBy(() => labelsOf(value, { contexts: {} }, []));
    // GitHub allows more here, so only this job cannot run
    if (problem !== undefined) reader.report('unsupported', token, problem);
  }
  return value;
}

function checkMatrix(reader: TokenReader, token: TemplateToken): void {
  const value = reader.value(token);
  if (!isLiteral(value)) return;
  const problem = thrownBy(() => expandMatrix(evaluateValue(value, { contexts: {} })));
  if (problem !== undefined) reader.invalidUnlessKnown(token, problem);
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
export function readStrategy(reader: TokenReader, token: TemplateToken): Strategy {
  if (!(token instanceof MappingToken) || hasExpressionKey(token)) {
    return { whole: reader.value(token), failFast: 'true' };
  }
  const fields = new Map(reader.entries(token).map(({ key, value }) => [key, value]));
  const [matrix, failFast, maxParallel] = ['matrix', 'fail-fast', 'max-parallel'].map((key) => fields.get(key));
  if (matrix) checkMatrix(reader, matrix);
  return {
    ...(matrix && { matrix: reader.value(matrix) }),
    failFast: failFast ? reader.template(failFast) : 'true',
    ...(maxParallel && { maxParallel: reader.template(maxParallel) }),
  };
}
