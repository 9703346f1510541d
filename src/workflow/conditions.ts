import { Lexer, Parser } from '@actions/expressions';
import { splitAllowedContext } from '@actions/workflow-parser/templates/allowed-context';
import { NullToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { errorText } from '../kernel/errors.ts';
import { parseExpression } from './expression.ts';
import { explainParserMessage } from './parser-messages.ts';
import type { Reading } from './reading.ts';
import { callsStatus, withStatus } from './status-condition.ts';
import { expressionsIn } from './template.ts';

/**
 * The condition of a job or step as one expression. An `if` is an expression with or without `${{ }}`. Without a status
 * function it is true only after success.
 */
export function readCondition(reading: Reading, token: TemplateToken | undefined): string {
  if (!token || token instanceof NullToken) return 'success()';
  const template = reading.template(token);
  if (typeof template === 'string') return checkedCondition(reading, token, template.trim());
  const [only] = template;
  if (template.length === 1 && typeof only === 'object') return checkedCondition(reading, token, only.expression);
  reading.report(
    'warning',
    token,
    `this \`if\` is always true, because it is text around an expression; put all of it into one \${{ }}, or remove \${{ }}`,
  );
  return expressionsIn(template).some(callsStatus) ? 'always()' : 'success()';
}

function checkedCondition(reading: Reading, token: TemplateToken, expression: string): string {
  if (expression === '') return 'success()';
  const { namedContexts, functions } = splitAllowedContext(token.definitionInfo?.allowedContext ?? []);
  try {
    const { tokens } = new Lexer(expression).lex();
    new Parser(tokens, namedContexts, functions).parse();
    parseExpression(expression);
    return withStatus(expression);
  } catch (error) {
    reading.invalidUnlessKnown(token, explainParserMessage(errorText(error)));
    return 'success()';
  }
}
