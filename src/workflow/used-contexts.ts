import { Lexer } from '@actions/expressions';
import { TokenType } from '@actions/expressions/lexer';
import { expressionsIn, templatesInValue, type ValueTemplate } from './template.ts';

/**
 * Whether an expression of a value names one of some contexts, such as `needs`.
 * @param contexts in lower case
 */
export function usesContext(value: ValueTemplate, contexts: readonly string[]): boolean {
  return templatesInValue(value).some((template) =>
    expressionsIn(template).some((expression) => namesContext(expression, contexts)),
  );
}

function namesContext(expression: string, contexts: readonly string[]): boolean {
  const { tokens } = new Lexer(expression).lex();
  return tokens.some(
    ({ type, lexeme }, index) =>
      type === TokenType.IDENTIFIER &&
      tokens[index - 1]?.type !== TokenType.DOT &&
      contexts.includes(lexeme.toLowerCase()),
  );
}
