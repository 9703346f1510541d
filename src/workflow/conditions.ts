import { Lexer, Parser } from '@actions/expressions';
import { splitAllowedContext } from '@actions/workflow-parser/templates/allowed-context';
import { NullToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { errorText } from '../kernel/errors.ts';
import { parseExpression } from './expression.ts';
import { explainParserMessage } from './parser-messages.ts';
import { callsStatus, withStatus } from './status-condition.ts';
import { expressionsIn } from './template.ts';
import type { TokenReader } from './token-reader.ts';

/**
 * The condition of a job or step as one expression. An `if` is an expression with or without `${{ }}`. Without a status
 * function it is true only after success.
 */
export function readCondition(reader: TokenReader, token: TemplateToken | undefined): string {
  if (!token || token instanceof NullToken) return 'success()';
  const template = reader.template(token);
  if (typeof template === 'string') return checkedCondition(reader, token, template.trim());
  const [only] = template;
  if (template.length === 1 && typeof only === 'object') return checkedCondition(reader, token, only.expression);
  reader.report(
    'warning',
    token,
    `this \`if\` is always true, because it is text around an expression; put all of it into one \${{ }}, or remove \${{ }}`,
  );
  return expressionsIn(template).some(callsStatus) ? 'always()' : 'success()';
}

function checkedCondition(reader: TokenReader, token: TemplateToken, expression: string): string {
  if (expression === '') return 'success()';
  const { namedContexts, functions } = splitAllowedContext(token.definitionInfo?.allowedContext ?? []);
  try {
    const { tokens } = new Lexer(expression).lex();
    new Parser(tokens, namedContexts, functions).parse();
    parseExpression(expression);
    return withStatus(expression);
  } catch (error) {
    reader.invalidUnlessKnown(token, explainParserMessage(errorText(error)));
    return 'success()';
  }
}
