import * as z from 'zod';
import { generalEvents, noticeChoices, noticeEvents, noticeKinds } from '../notices.ts';
import { time } from './shapes.ts';

/** What people see of notices; each shape is declared here only. */
const problem = z.object({ code: z.string(), message: z.string(), remedy: z.string() });

/** What a target may have besides. */
export const noticeOptions = z.object({
  owners: z.array(z.string()).optional().meta({
    description: 'mail: who hears of flaky tests and of errors that are not the fault of a commit',
  }),
  domains: z.array(z.string()).optional().meta({
    description: 'mail: domains of the addresses of committers that mail may go to',
  }),
  quiet: z
    .object({ from: z.string(), to: z.string() })
    .optional()
    .meta({ description: 'times of day (HH:MM) between which nothing is sent; it is sent afterwards' }),
  digest: z.string().optional().meta({
    description: 'time of day (HH:MM) at which it is told what is still broken',
  }),
  zone: z
    .string()
    .optional()
    .meta({ description: 'time zone of these times, for example Europe/Berlin; UTC by default' }),
  title: z.string().optional().meta({
    description: 'template of the title of notices about builds; `{repository}` and other names stand for values',
  }),
  text: z.string().optional().meta({ description: 'template of their text, likewise, with several lines' }),
});
export type NoticeOptions = z.output<typeof noticeOptions>;

export const noticeMute = z.object({
  recipient: z.string().meta({ description: 'mail address' }),
  repo: z.string().nullable().meta({ description: 'null for all that the target sends' }),
  branch: z.string().nullable().meta({ description: 'null for all of the repository' }),
  since: time,
});
export type NoticeMute = z.output<typeof noticeMute>;

export const noticeTarget = z.object({
  name: z.string(),
  kind: z.enum(noticeKinds),
  to: z.string().meta({ description: 'its address, without what is secret in it' }),
  repos: z.array(z.string()).meta({ description: 'globs of repositories; empty for all' }),
  branches: z.array(z.string()).meta({ description: 'globs of branches; empty for the default branch' }),
  on: z.enum(noticeChoices).meta({ description: 'what it hears of' }),
  options: noticeOptions,
  mutes: z.array(noticeMute).meta({ description: 'what recipients of its mail have stopped' }),
  waiting: z.number().int().meta({ description: 'notices that it has not accepted yet' }),
  createdBy: z.string(),
  maintainer: z.string().nullable().meta({
    description: 'the person or token whose role `own` it depends on; null for a target of administrators',
  }),
  createdAt: time,
  problem: problem
    .extend({ since: time.nullable().meta({ description: 'null where it is not known' }) })
    .nullable()
    .meta({ description: 'what holds up its notices' }),
});
export type NoticeTarget = z.output<typeof noticeTarget>;

export const notice = z.object({
  id: z.string(),
  target: z.string(),
  recipient: z.string().meta({ description: 'mail address; empty where the target is the only recipient' }),
  about: z
    .object({ repo: z.string(), ref: z.string(), build: z.string(), number: z.number().int() })
    .nullable()
    .meta({ description: 'the build that it is about; null for a test of the target, and for a digest' }),
  event: z.enum([...noticeEvents, ...generalEvents]),
  why: z.string().meta({ description: 'why the recipient gets it' }),
  state: z.enum(['waiting', 'sent', 'dropped']),
  dropped: z.string().nullable().meta({ description: 'why it was not sent' }),
  createdAt: time,
  sentAt: time.nullable(),
  dueAt: time.nullable().meta({ description: 'when it is sent at the earliest; null for one that does not wait' }),
  problem: problem.nullable().meta({ description: 'why the last try has failed' }),
});
export type Notice = z.output<typeof notice>;
