import { type data, Evaluator, type Expr, Lexer, Parser } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';
import { TokenType } from '@actions/expressions/lexer';
import { errorText } from '../kernel/errors.ts';
import { beginWork, checkLength, givenFunctions, knownFunctions, ownFunctions } from './functions.ts';
import type { Json, Template } from './template.ts';
import { unwrap, wrap, wrapContexts } from './values.ts';

/**
 * Evaluates the templates of a workflow with GitHub's own engine. Only this file works around its defects: string
 * literals unescape only their first `''` (D2), and a missing context or a function such as `constructor` ends in a
 * TypeError (D5).
 */

export const contextNames = [
  ...(['github', 'env', 'vars', 'job', 'jobs', 'steps', 'runner', 'secrets', 'strategy', 'matrix', 'needs'] as const),
  'inputs',
] as const;
export type ContextName = (typeof contextNames)[number];

/** Contexts and functions for evaluation. */
export interface Scope {
  /** missing contexts are empty objects; `null` stays null, as `matrix` in a job without a matrix */
  contexts: { readonly [Name in ContextName]?: Json };
  /**
   * `success`, `failure`, `always`, `cancelled` and `hashFiles` where they are allowed; called synchronously. A call of a
   * missing function is an error.
   */
  functions?: { readonly [name: string]: (...args: Json[]) => Json };
}

/** The most characters of an expression, as on GitHub, without the text around it. */
const longestExpression = 21_000;

/** An expression that cannot be parsed or evaluated. The message is for the author of the workflow. */
export class ExpressionFailed extends Error {
  readonly expression: string;

  constructor(expression: string, why: string) {
    const shown = expression.length > 100 ? `${expression.slice(0, 100)}…` : expression;
    super(`cannot evaluate \${{ ${shown} }}: ${why}`);
    this.name = 'ExpressionFailed';
    this.expression = expression;
  }
}

/** Parsed expressions; the oldest is removed if there are too many. */
const trees = new Map<string, Expr>();
const mostTrees = 5000;

/**
 * Evaluates a template to text, or to the typed value of its single expression.
 * @throws ExpressionFailed
 */
export function evaluate(template: Template, scope: Scope): Json {
  const typed = typedExpression(template);
  return typed === undefined ? evaluateText(template, scope) : unwrap(evaluateExpression(typed, scope));
}

/** Evaluates a template to text, see `toText`. @throws ExpressionFailed, also if the text is too long */
export function evaluateText(template: Template, scope: Scope): string {
  if (typeof template === 'string') return template;
  let text = '';
  for (const part of template) {
    text += typeof part === 'string' ? part : evaluateExpression(part.expression, scope).coerceString();
    try {
      checkLength(text.length);
    } catch (error) {
      throw new ExpressionFailed(sourceOf(template), errorText(error));
    }
  }
  return text;
}

/** Whether an `if` is true. @param expression as in a plan: without `${{ }}` @throws ExpressionFailed */
export function evaluateCondition(expression: string, scope: Scope): boolean {
  const value = unwrap(evaluateExpression(expression, scope));
  return !(value === null || value === false || value === '' || value === 0 || Number.isNaN(value));
}

/** Evaluates a template to a boolean. @throws ExpressionFailed */
export function evaluateBoolean(template: Template, scope: Scope): boolean {
  return booleanOf(evaluate(template, scope), sourceOf(template));
}

/** @param source text of the expression, for the error @throws ExpressionFailed */
export function booleanOf(value: Json, source: string): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new ExpressionFailed(source, `it must be true or false, not ${kindOf(value)}`);
}

/** The kind of a value for error messages, which must not quote it: it may be a secret. */
function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  if (value === '') return 'empty';
  return typeof value === 'string' ? 'another text' : `a ${typeof value}`;
}

/** Evaluates a template to a number. @throws ExpressionFailed */
export function evaluateNumber(template: Template, scope: Scope): number {
  return numberOf(evaluate(template, scope), sourceOf(template));
}

/** @param source text of the expression, for the error @throws ExpressionFailed */
export function numberOf(value: Json, source: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new ExpressionFailed(source, `it must be a number, not ${kindOf(value)}`);
}

/** Converts a value to text as GitHub does: null is empty, lists and objects are `Array` and `Object`. */
export function toText(value: Json): string {
  return wrap(value).coerceString();
}

/**
 * Parses an expression.
 * @param expression without `${{ }}`
 * @throws ExpressionFailed if it is invalid or uses an unknown function or context
 */
export function parseExpression(expression: string): Expr {
  const known = trees.get(expression);
  if (known) return known;
  const tree = read(expression);
  trees.set(expression, tree);
  if (trees.size > mostTrees) trees.delete(trees.keys().next().value ?? '');
  return tree;
}

function read(expression: string): Expr {
  if (expression.length > longestExpression) {
    throw new ExpressionFailed(expression, `it is longer than ${longestExpression} characters`);
  }
  if (expression.trim() === '') throw new ExpressionFailed(expression, 'it is empty');
  try {
    const { tokens } = new Lexer(expression).lex();
    tokens.forEach((token, index) => {
      if (token.type === TokenType.STRING) token.value = token.lexeme.slice(1, -1).replaceAll("''", "'");
      const called = token.type === TokenType.IDENTIFIER && tokens[index + 1]?.type === TokenType.LEFT_PAREN;
      if (called && !knownFunctions.has(token.lexeme.toLowerCase())) {
        throw new Error(`the function ${token.lexeme} does not exist`);
      }
    });
    return new Parser(tokens, [...contextNames], [...givenFunctions]).parse();
  } catch (error) {
    throw new ExpressionFailed(expression, errorText(error));
  }
}

function evaluateExpression(expression: string, scope: Scope): data.ExpressionData {
  const tree = parseExpression(expression);
  beginWork();
  try {
    return new Evaluator(tree, contextsOf(scope), functionsOf(scope)).evaluate();
  } catch (error) {
    throw new ExpressionFailed(expression, errorText(error));
  }
}

function typedExpression(template: Template): string | undefined {
  if (typeof template === 'string' || template.length !== 1) return undefined;
  const [only] = template;
  return typeof only === 'object' ? only.expression : undefined;
}

function sourceOf(template: Template): string {
  return typedExpression(template) ?? (typeof template === 'string' ? template : JSON.stringify(template));
}

const contexts = new WeakMap<Scope['contexts'], data.Dictionary>();

/** The wrapped contexts of a scope; they are wrapped once, since contexts do not change. */
function contextsOf({ contexts: given }: Scope): data.Dictionary {
  const known = contexts.get(given);
  if (known) return known;
  const all = Object.fromEntries(contextNames.map((name) => [name, given[name] === undefined ? {} : given[name]]));
  const wrapped = wrapContexts(all);
  contexts.set(given, wrapped);
  return wrapped;
}

function functionsOf({ functions = {} }: Scope): Map<string, FunctionDefinition> {
  const given = givenFunctions.map((info) => {
    const call = functions[info.name];
    return {
      ...info,
      call: (...args: data.ExpressionData[]) => {
        if (!call) throw new Error(`${info.name}() cannot be used here`);
        return wrap(call(...args.map(unwrap)));
      },
    };
  });
  return new Map([...ownFunctions, ...given].map((definition) => [definition.name.toLowerCase(), definition]));
}
