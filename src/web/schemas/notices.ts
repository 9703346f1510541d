import * as z from 'zod';
import { isTimeOfDay, isTimeZone } from '../../kernel/daily-times.ts';
import { notice, type noticeOptions, noticeTarget } from '../../kernel/model/notice-shapes.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { longestTemplate, templateValues, unknownValue } from '../../kernel/notice-template.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

export const oneTarget = name('NoticeTarget', noticeTarget);

export const targetList = name('NoticeTargetList', z.object({ targets: z.array(oneTarget), next }));

export const oneNotice = name('Notice', notice);

export const noticeList = name('NoticeList', z.object({ notices: z.array(oneNotice), next }));

const timeOfDay = z.string().refine(isTimeOfDay, 'must be a time of day such as 07:30');
const glob = z.string().min(1).max(255);
const to = z.string().min(1).max(2000).meta({
  description: 'mail: addresses with commas between them, or "committers"; else a URL',
});
const secret = z.string().min(1).max(4096).meta({
  description: 'what requests are signed or authorized with; Volt makes that of a webhook if there is none',
});
export const noticeFilter = {
  repos: z.array(glob).max(100).optional(),
  branches: z.array(glob).max(100).optional(),
  on: noticeTarget.shape.on.optional(),
};
const domain = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'must be domains such as example.org');
/** A template of a text with values in it, see kernel/notice-template.ts. */
function template(most: number) {
  return z
    .string()
    .min(1)
    .max(most)
    .superRefine((text, context) => {
      const unknown = unknownValue(text);
      if (unknown === undefined) return;
      const known = Object.keys(templateValues).map((name) => `{${name}}`);
      const message = `has ${unknown.slice(0, 50)}, which stands for no value: use ${known.join(', ')}`;
      context.addIssue({ code: 'custom', message });
    });
}
const options = z.object({
  owners: z.array(z.string().max(254)).max(50),
  domains: z.array(domain).max(50),
  quiet: z
    .object({ from: timeOfDay, to: timeOfDay })
    .refine(({ from, to }) => from !== to, 'must not be the whole day'),
  digest: timeOfDay,
  title: template(longestTemplate.title).regex(/^[^\r\n]*$/, 'must be one line'),
  text: template(longestTemplate.text),
  zone: z.string().max(64).refine(isTimeZone, 'is not the name of a time zone, such as Europe/Berlin'),
} satisfies { [Key in keyof typeof noticeOptions.shape]: z.ZodType });
/** Null takes an option away. */
const changedOptions = options.extend({
  quiet: options.shape.quiet.nullable(),
  digest: options.shape.digest.nullable(),
  zone: options.shape.zone.nullable(),
  title: options.shape.title.nullable(),
  text: options.shape.text.nullable(),
});

export const targetRequest = name(
  'NoticeTargetRequest',
  z.object({
    name: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have'),
    kind: noticeTarget.shape.kind,
    to,
    secret: secret.optional(),
    ...noticeFilter,
    options: options.partial().optional(),
  }),
);

export const targetChange = name(
  'NoticeTargetChange',
  z.object({
    ...{ to: to.optional(), secret: secret.optional(), ...noticeFilter },
    options: changedOptions
      .partial()
      .optional()
      .meta({ description: 'what is not given stays; null takes an option away' }),
  }),
);

export const newTarget = name(
  'NewNoticeTarget',
  noticeTarget.extend({
    secret: z.string().nullable().meta({
      description: 'the secret of a webhook that Volt has made; it cannot be read again',
    }),
  }),
);

export const testedTarget = name(
  'TestedNoticeTarget',
  z.object({ notices: z.array(z.string()).meta({ description: 'ids of the notices that test it' }) }),
);
