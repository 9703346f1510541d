import { Lexer } from '@actions/expressions';
import { TokenType } from '@actions/expressions/lexer';
import type { SecretNaming } from './call-secrets.ts';
import { expressionsIn, type Template } from './template.ts';

/**
 * The names of secrets that templates use, in upper case; `*` if an expression selects one or uses all. A job gets no
 * other secrets.
 */
export function secretNames(templates: Iterable<Template>): '*' | string[] {
  const names = new Set<string>();
  for (const template of templates) {
    for (const expression of expressionsIn(template)) {
      if (!/secrets/i.test(expression)) continue;
      const found = namesIn(expression);
      if (found === '*') return '*';
      for (const name of found) names.add(name);
    }
  }
  return [...names].sort();
}

function namesIn(expression: string): '*' | string[] {
  const { tokens } = new Lexer(expression).lex();
  const names: string[] = [];
  for (const [index, { type, lexeme }] of tokens.entries()) {
    const isProperty = tokens[index - 1]?.type === TokenType.DOT;
    if (type !== TokenType.IDENTIFIER || isProperty || lexeme.toLowerCase() !== 'secrets') continue;
    const [open, name, close] = tokens.slice(index + 1, index + 4);
    if (open?.type === TokenType.DOT && name?.type === TokenType.IDENTIFIER) names.push(name.lexeme.toUpperCase());
    else if (
      open?.type === TokenType.LEFT_BRACKET &&
      name?.type === TokenType.STRING &&
      close?.type === TokenType.RIGHT_BRACKET
    ) {
      names.push(name.lexeme.slice(1, -1).replaceAll("''", "'").toUpperCase());
    } else return '*';
  }
  return names;
}

/** The names in the store of the secrets that a called workflow uses, through the renamings of each call. */
export function storeNames(names: '*' | string[], through: readonly SecretNaming[]): '*' | string[] {
  return [...through].reverse().reduce<'*' | string[]>((inner, call) => {
    const entries = Object.entries(call.names).filter(([name]) => inner === '*' || inner.includes(name.toUpperCase()));
    const named = secretNames(entries.map(([, template]) => template));
    const hasToken = inner === '*' || inner.includes('GITHUB_TOKEN');
    if (named === '*' || call.withholdsToken || !hasToken || named.includes('GITHUB_TOKEN')) return named;
    return [...named, 'GITHUB_TOKEN'].sort();
  }, names);
}
