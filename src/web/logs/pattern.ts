import { errorText, VoltError } from '../../kernel/errors.ts';

/** What a person searches a log for. */
export interface Pattern {
  text: string;
  /** whether the text is a regular expression of JavaScript, matched within single lines */
  regex: boolean;
  /** whether upper and lower case differ */
  matchCase: boolean;
}

/** The most characters of a pattern. */
export const longestPattern = 200;

/**
 * The expression that finds the pattern in text.
 * @throws VoltError `bad_request` if it is not a regular expression
 */
export function expressionOf({ text, regex, matchCase }: Pattern): RegExp {
  const flags = matchCase ? 'g' : 'gi';
  if (!regex) return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), flags);
  try {
    return new RegExp(text, flags);
  } catch (error) {
    // V8's message: `Invalid regular expression: /(/gi: Unterminated group`
    const why = errorText(error).split(`/${flags}: `).at(-1);
    throw new VoltError('bad_request', `not a regular expression: ${why}`, {
      remedy: 'Correct the expression, or search for it as plain text.',
    });
  }
}
