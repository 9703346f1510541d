import {
  type BasicExpressionToken,
  InsertExpressionToken,
  MappingToken,
  NullToken,
  type ScalarToken,
  SequenceToken,
  type TemplateToken,
} from '@actions/workflow-parser/templates/tokens/index';
import type { TokenRange } from '@actions/workflow-parser/templates/tokens/token-range';
import { isBasicExpression, isBoolean, isNumber } from '@actions/workflow-parser/templates/tokens/type-guards';
import { errorText } from '../kernel/errors.ts';
import type { Diagnostic } from './diagnostics.ts';
import { parseExpression } from './expression.ts';
import {
  expressionsIn,
  parseTemplate,
  type Template,
  type TemplateMap,
  type Templates,
  type ValueTemplate,
} from './template.ts';

/** The most diagnostics of one file that are shown. */
export const mostDiagnostics = 100;

/** Turns the tokens of one workflow file into values, and collects its diagnostics. */
export class TokenReader {
  readonly file: string;
  readonly diagnostics: Diagnostic[] = [];

  constructor(file: string) {
    this.file = file;
  }

  get isInvalid(): boolean {
    return this.diagnostics.some(({ severity }) => severity === 'invalid');
  }

  report(
    severity: Diagnostic['severity'],
    at: TemplateToken | TokenRange | { line: number; column: number } | undefined,
    message: string,
  ): void {
    const location = locationOf(at);
    const same = (other: Diagnostic) =>
      other.line === location.line && other.column === location.column && other.message === message;
    if (this.diagnostics.some(same)) return;
    // unsupported keys end their job, so they are always kept
    if (this.diagnostics.length >= mostDiagnostics && severity !== 'unsupported') return;
    this.diagnostics.push({ file: this.file, ...location, severity, message });
  }

  invalid(at: TemplateToken | undefined, message: string): void {
    this.report('invalid', at, message);
  }

  /** Reports a problem that the parser may have reported as well. */
  invalidUnlessKnown(at: TemplateToken, message: string): void {
    if (!this.hasReported(at, '')) this.invalid(at, message);
  }

  /** Whether a diagnostic inside of the token contains these words. */
  hasReported(inside: TemplateToken, words: string): boolean {
    const { start, end } = inside.range ?? { start: { line: 0 }, end: { line: 0 } };
    return this.diagnostics.some(
      ({ line, message }) => line >= start.line && line <= end.line && message.includes(words),
    );
  }

  /** A scalar as a template; the parser has reported an expression that is not closed. */
  template(token: TemplateToken): Template {
    const template = templateOf(token);
    for (const expression of expressionsIn(template)) this.#check(token, expression);
    return template;
  }

  /** The entries of a mapping in the order of the file; none for other tokens. Keys with expressions are unsupported. */
  entries(token: TemplateToken | undefined): { key: string; keyToken: ScalarToken; value: TemplateToken }[] {
    if (!(token instanceof MappingToken)) return [];
    return [...token].flatMap(({ key, value }) => {
      if (!key.isExpression) return [{ key: key.toString(), keyToken: key, value }];
      this.report('unsupported', key, 'an expression as a key is not supported here');
      return [];
    });
  }

  /** A mapping whose keys are not expressions; the parser checks that. */
  templateMap(token: TemplateToken | undefined): TemplateMap {
    return Object.fromEntries(this.entries(token).map(({ key, value }) => [key, this.template(value)]));
  }

  /** A mapping whose keys may be expressions, or an expression for the whole mapping. */
  templates(token: TemplateToken | undefined): Templates {
    if (token && isBasicExpression(token)) return [{ insert: this.template(token) }];
    if (!hasExpressionKey(token)) return this.templateMap(token);
    return [...token].map(({ key, value }) => {
      if (key instanceof InsertExpressionToken) return { insert: this.template(value) };
      return { name: this.template(key), value: this.template(value) };
    });
  }

  /** A list of texts, or one text as a list. */
  texts(token: TemplateToken): string[] {
    const items = token instanceof SequenceToken ? [...token] : [token];
    // the parser has reported entries that are not text
    const isText = (item: TemplateToken) =>
      !(item instanceof MappingToken || item instanceof SequenceToken || item instanceof NullToken);
    return items.filter(isText).map((item) => item.toString());
  }

  value(token: TemplateToken): ValueTemplate {
    if (token instanceof SequenceToken) return { list: [...token].map((item) => this.value(item)) };
    if (token instanceof MappingToken) {
      const keyOf = (key: ScalarToken) => (key instanceof InsertExpressionToken ? null : this.template(key));
      return { map: [...token].map(({ key, value }) => [keyOf(key), this.value(value)]) };
    }
    if (token instanceof NullToken) return null;
    if (isBoolean(token) || isNumber(token)) return token.value;
    return { text: this.template(token) };
  }

  /** Checks what the parser accepts but evaluation would not. */
  #check(token: TemplateToken, expression: string): void {
    try {
      parseExpression(expression);
    } catch (error) {
      this.invalidUnlessKnown(token, errorText(error));
    }
  }
}

export function hasExpressionKey(token: TemplateToken | undefined): token is MappingToken {
  return token instanceof MappingToken && [...token].some(({ key }) => key.isExpression);
}

function templateOf(token: TemplateToken): Template {
  if (!isBasicExpression(token)) return token instanceof NullToken ? '' : token.toString();
  const { originalExpressions, source, expression } = token as BasicExpressionToken;
  if (originalExpressions && source !== undefined) return parseTemplate(source) ?? source;
  return [{ expression }];
}

function locationOf(at: TemplateToken | TokenRange | { line: number; column: number } | undefined): {
  line: number;
  column: number;
} {
  if (at && 'column' in at) return { line: at.line, column: at.column };
  const range = at && ('start' in at ? at : at.range);
  return { line: range?.start.line ?? 1, column: range?.start.column ?? 1 };
}
