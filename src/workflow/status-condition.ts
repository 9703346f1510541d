import { Lexer } from '@actions/expressions';
import { TokenType } from '@actions/expressions/lexer';
import { parseExpression } from './expression.ts';
import { expressionsIn, parseTemplate } from './template.ts';

const statusFunctions = new Set(['success', 'failure', 'always', 'cancelled']);

export function callsStatus(expression: string): boolean {
  const { tokens } = new Lexer(expression).lex();
  return tokens.some(
    ({ type, lexeme }, index) =>
      type === TokenType.IDENTIFIER &&
      tokens[index + 1]?.type === TokenType.LEFT_PAREN &&
      statusFunctions.has(lexeme.toLowerCase()),
  );
}

/**
 * A condition as it is evaluated: without a status function it is true only after success.
 * @param expression without `${{ }}`
 */
export function withStatus(expression: string): string {
  return callsStatus(expression) ? expression : `success() && (${expression})`;
}

/** The condition as in the file. */
export function asWritten(condition: string): string {
  return /^success\(\) && \((.*)\)$/s.exec(condition)?.[1] ?? condition;
}

/**
 * The condition from an `if` in the file of an action: an expression with or without `${{ }}`. Text around an expression
 * is always true, as any text.
 * @throws ExpressionFailed if it cannot be parsed
 */
export function readConditionText(text: string): string {
  const template = parseTemplate(text.trim()) ?? text.trim();
  const expressions = typeof template === 'string' ? [template] : expressionsIn(template);
  for (const expression of expressions.filter((one) => one !== '')) parseExpression(expression);
  const [only = ''] = expressions;
  if (typeof template !== 'string' && template.length > 1)
    return expressions.some(callsStatus) ? 'always()' : 'success()';
  return only === '' ? 'success()' : withStatus(only);
}
