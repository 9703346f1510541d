import * as z from 'zod';
import { grant } from '../../kernel/model/access-shapes.ts';
import { repositoryGlobPattern } from '../../kernel/names.ts';
import { roles } from '../../kernel/roles.ts';
import { nextAfter } from './paging.ts';
import { name } from './registry.ts';

/** The most patterns in one request. */
const mostPatterns = 100;

export const who = z
  .string()
  .min(1)
  .max(350)
  .meta({ description: 'name of a person, or group:PROVIDER/GROUP for everybody in a group that a provider tells' });

export const patterns = z
  .array(z.string().regex(repositoryGlobPattern, 'is not a pattern of repository names'))
  .min(1)
  .max(mostPatterns);

export const grantList = name('GrantList', z.object({ grants: z.array(name('Grant', grant)), next: nextAfter }));

/** The parameters of the pages of such a list. */
export const grantPage = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: z.string().max(500).optional().meta({ description: '`next` of the page before' }),
};

export const grantRequest = name(
  'GrantRequest',
  z.object({
    who,
    role: z.enum(roles),
    repos: patterns.default(['*']).meta({
      description: 'patterns of names of repositories, in which * matches anything; all by default, private ones too',
    }),
  }),
);

export const revokeRequest = name(
  'RevokeRequest',
  z.object({
    who,
    role: z.enum(roles).optional().meta({ description: 'by default every role' }),
    repos: patterns.optional().meta({ description: 'only the grants for exactly these patterns' }),
  }),
);

export const accessReasons = name(
  'AccessReasons',
  z.object({
    person: z.string(),
    repo: z.string(),
    blocked: z.boolean().meta({ description: 'whether the person is blocked, and so may do nothing' }),
    role: z.enum(roles).nullable().meta({ description: 'the largest role there; null for none' }),
    grants: z.array(grant).meta({ description: 'those that fit the repository, of the person and of their groups' }),
    everybody: z.string().nullable().meta({
      description: 'why everybody, or everybody on the machine of Volt, may read it; null if they may not',
    }),
    missing: z.array(z.object({ role: z.enum(roles), allows: z.string() })).meta({
      description: 'the roles that would allow the person more there, and what each would allow',
    }),
    admins: z.array(z.string()).meta({
      description: 'people and groups that can give roles, besides the main token; at most 20 of them',
    }),
  }),
);

/** What was given or taken away, for the audit log: `ada run app, ada run lib`. */
export function grantsText({ grants }: Pick<z.output<typeof grantList>, 'grants'>): string {
  return grants.map(({ who: holder, role, repos }) => `${holder} ${role} ${repos}`).join(', ');
}
