import type * as z from 'zod';

/** Names of zod's types for people. */
const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

/** Names of zod's text formats for people. */
const forms: Readonly<Record<string, string>> = {
  url: 'a URL',
  datetime: 'an ISO 8601 time, for example 2026-01-31T12:00:00Z',
};

type Issue = z.core.$ZodRawIssue;

/**
 * Says what a value must be that does not fit its schema, for `safeParse(value, { error: validationMessage })`. A message in the
 * schema has priority.
 * @returns a half sentence such as "must be a number"; undefined for zod's own message
 */
export function validationMessage(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `must ${bound(issue, issue.minimum, issue.inclusive === false ? 'more than' : 'at least')}`;
    case 'too_big':
      return `must ${bound(issue, issue.maximum, issue.inclusive === false ? 'less than' : 'at most')}`;
    case 'invalid_format':
      return issue.format === 'regex'
        ? 'has an invalid format'
        : `must be ${forms[issue.format] ?? `of the form "${issue.format}"`}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys':
      return `has unknown fields: ${issue.keys.join(', ')}`;
    default:
      return undefined;
  }
}

/** @param origin type of the value: a number, the characters of a text, or the entries of a list */
function bound({ origin }: { origin: string }, limit: number | bigint, relation: string): string {
  if (origin === 'string') return `have ${relation} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  if (origin === 'array' || origin === 'set') return `have ${relation} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `be ${relation} ${limit}`;
}
