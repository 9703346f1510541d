import { expect } from 'chai';
import * as z from 'zod';
import { validationMessage } from '../../src/kernel/validation-message.ts';

describe('validationMessage for a value that', () => {
  const cases: [what: string, schema: z.ZodType, value: unknown, words: string][] = [
    ['is no number', z.coerce.number(), 'abc', 'must be a number'],
    ['is no whole number', z.number().int(), 1.5, 'must be a whole number'],
    ['is too small', z.number().min(3), 2, 'must be at least 3'],
    ['is not positive', z.number().positive(), 0, 'must be more than 0'],
    ['is too large', z.number().max(3), 4, 'must be at most 3'],
    ['is too short', z.string().min(16), 'short', 'must have at least 16 characters'],
    ['is empty', z.string().min(1), '', 'must have at least 1 character'],
    ['has too many entries', z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 entry'],
    ['is missing', z.string(), undefined, 'is missing'],
    ['is no text', z.string(), 7, 'must be a string'],
    ['is no URL', z.url(), 'nowhere', 'must be a URL'],
    ['is none of the words', z.enum(['local', 'public']), 'x', 'must be one of local, public'],
    ['has another form', z.string().regex(/^[a-z]+$/), 'A', 'has an invalid format'],
    ['has more than is known', z.strictObject({}), { a: 1 }, 'has unknown fields: a'],
    ['is said by its schema what it must be', z.string().regex(/^[a-z]+$/, 'must be a name'), 'A', 'must be a name'],
  ];

  for (const [what, schema, value, words] of cases) {
    it(what, () => {
      expect(schema.safeParse(value, { error: validationMessage }).error?.issues[0]?.message).to.equal(words);
    });
  }
});
