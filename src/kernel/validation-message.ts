import type { z } from 'zod';

/** How people call what a value must be. */
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

/** How people call a text of a certain form. */
const forms: Readonly<Record<string, string>> = {
  url: 'a URL',
  datetime: 'an ISO 8601 time, for example 2026-01-31T12:00:00Z',
};

type Issue = z.core.$ZodRawIssue;

/**
 * Says what a value must be that does not fit its schema, in words for whoever gave it. To be given to zod with a value
 * (`safeParse(value, { error: validationMessage })`); what a schema says by itself goes first.
 * @returns a half sentence such as "must be a number", undefined where zod's own words are left
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

/** @param origin what is bounded: a number itself, the characters of a text, the entries of a list */
function bound({ origin }: { origin: string }, limit: number | bigint, relation: string): string {
  if (origin === 'string') return `have ${relation} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  if (origin === 'array' || origin === 'set') return `have ${relation} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `be ${relation} ${limit}`;
}
