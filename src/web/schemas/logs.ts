import * as z from 'zod';
import { reason, sentence, status, time } from '../../kernel/model/shapes.ts';
import { name } from './registry.ts';

name('LogEnd', z.object({ status, reason, message: sentence }));

const spans = z
  .array(
    z.object({
      text: z.string(),
      style: z.string(),
      front: z.string().optional(),
      back: z.string().optional(),
      href: z.string().optional(),
    }),
  )
  .meta({
    description:
      'texts of one style each; style: class names such as `bold f1`, where f is the colour and b the background; front and back: these colours as `#rrggbb`, if they are none of the sixteen; href: what the text links to',
  });

const arrival = time
  .nullable()
  .meta({ description: 'when it arrived, to a tenth of a second; null if that is not recorded' });

export const logLines = name(
  'LogLines',
  z.object({
    attempt: z.number().int(),
    from: z.number().int().meta({ description: 'number of the first line, from 0' }),
    lines: z.array(
      z.object({
        spans,
        start: z.number().int().meta({ description: 'position of its first byte' }),
        at: arrival,
      }),
    ),
    total: z.number().int().meta({ description: 'complete lines so far' }),
    end: z.number().int().meta({ description: 'position in bytes after the last of them' }),
    rest: spans.nullable().meta({ description: 'the incomplete line after them; only with the last line' }),
  }),
);

export const logHits = name(
  'LogHits',
  z.object({
    attempt: z.number().int(),
    hits: z.array(
      z.object({
        line: z.number().int().meta({ description: 'its number, from 0' }),
        start: z.number().int().meta({ description: 'position of its first byte' }),
        at: arrival,
        mark: z
          .enum(['error', 'warning', 'notice', 'debug', 'group', 'endgroup'])
          .nullable()
          .meta({ description: 'how Volt or a command has marked it' }),
        spans: spans.meta({ description: 'what is shown of it, at most 1,000 characters' }),
        from: z.number().int().meta({ description: 'number of the first character of `spans` in the line' }),
        found: z
          .array(z.tuple([z.number().int(), z.number().int()]))
          .meta({ description: 'ranges of characters of the line: from the first to before the second' }),
      }),
    ),
    next: z
      .object({ position: z.number().int(), line: z.number().int() })
      .nullable()
      .meta({ description: 'where to continue; null after the whole log' }),
  }),
);
