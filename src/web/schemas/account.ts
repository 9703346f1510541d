import * as z from 'zod';
import { time } from '../../kernel/model/shapes.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { roles } from '../../kernel/roles.ts';
import { tokenRequest } from './access.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

const right = z.object({
  role: z.enum(roles),
  repos: z.array(z.string()).meta({ description: 'patterns of names of repositories' }),
  private: z.boolean().meta({ description: 'whether it is for private repositories, too' }),
});

export const account = name(
  'Account',
  z.object({
    name: z.string().meta({ description: 'as the audit log shows it' }),
    person: z
      .object({ id: z.number().int(), name: z.string(), displayName: z.string() })
      .nullable()
      .meta({ description: 'null for the main token, and for tokens of nobody' }),
    token: z.string().nullable().meta({ description: 'name of the token; null without one' }),
    identities: z.array(
      z.object({
        provider: z.string(),
        login: z.string().meta({ description: 'what the provider calls the person' }),
      }),
    ),
    groups: z.array(z.string()).meta({ description: 'that providers tell, as PROVIDER/GROUP' }),
    addresses: z.array(z.string()).meta({ description: 'of mail; commits with these are shown as of the person' }),
    mail: z.string().nullable().meta({
      description:
        'to which of the addresses mail about commits goes: "none" for no mail, null for that of each commit',
    }),
    rights: z.array(right),
  }),
);
export type Account = z.output<typeof account>;

export const mailChoice = name(
  'MailChoice',
  z.object({
    mail: z.string().max(254).nullable().meta({
      description: 'one of your addresses; "none" for no mail at all; null for the address of each commit',
    }),
  }),
);

export const session = z.object({
  id: z.string(),
  current: z.boolean().meta({ description: 'whether this request was sent with it' }),
  provider: z.string().nullable().meta({ description: 'where the person signed in; null with a token' }),
  address: z.string().meta({ description: 'network address of the browser when it signed in' }),
  agent: z.string().meta({ description: 'what the browser says it is' }),
  createdAt: time,
  lastUsedAt: time.meta({ description: 'to the minute' }),
  until: time,
});
export type ShownSession = z.output<typeof session>;

const whoseSessions = z.enum(['person', 'token', 'main token']);
export type WhoseSessions = z.output<typeof whoseSessions>;

export const sessionList = name(
  'SessionList',
  z.object({
    whose: whoseSessions.meta({
      description: 'all sessions of the person, those that began with the token that was sent, or with the main token',
    }),
    sessions: z.array(name('Session', session)),
    next,
  }),
);

export const endedSessions = name(
  'EndedSessions',
  z.object({ ended: z.number().int().meta({ description: 'how many sessions have ended' }) }),
);

export const revokedToken = name('RevokedToken', z.object({ name: z.string() }));

export const ownTokenRequest = name(
  'OwnTokenRequest',
  z.object({
    name: z
      .string()
      .regex(repositoryNamePattern, 'has characters that a name cannot have')
      .max(32)
      .meta({ description: 'what it is for; the name of the token begins with that of the person' }),
    role: tokenRequest.shape.role,
    repos: tokenRequest.shape.repos,
  }),
);
