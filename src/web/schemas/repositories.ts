import * as z from 'zod';
import { sentence, time } from '../../kernel/model/shapes.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { pullRequestCheckouts, pullRequestModes } from '../../kernel/pull-request.ts';
import { visibilities } from '../../kernel/visibility.ts';
import { nextAfter } from './paging.ts';
import { name } from './registry.ts';

const visibilityMeaning =
  'who may read it: public: everybody; internal: everybody whom VOLT_READING allows; private: people with a role there, tokens that name it, and administrators';

const runnersMeaning = 'labels that runners of its jobs need besides those that the jobs ask for; empty for none';

const settings = z.object({
  branches: z.array(z.string()).meta({ description: 'globs; empty for the default branch' }),
  tags: z.array(z.string()).meta({ description: 'globs; empty for none' }),
  pollSeconds: z.number().meta({ description: 'seconds between two polls, 0.5 to 86400' }),
  commits: z.enum(['every', 'latest']).meta({ description: 'which of the new commits of a poll are built' }),
  command: z.string().nullable().meta({ description: 'shell command; null to discover the tests' }),
  reports: z
    .array(z.string())
    .meta({ description: 'globs of files of the checkout that hold results of single tests; empty for none' }),
  filter: z.string().nullable().meta({
    description:
      'files that are fetched only with a commit that needs them: `blob:none`, `blob:limit=100k`; null for none',
  }),
  runners: z.array(z.string()).meta({ description: runnersMeaning }),
  env: z.record(z.string(), z.string()).meta({ description: 'environment variables of its jobs; they are not secret' }),
  image: z.string().nullable().meta({
    description: 'container image that its tests run in, such as `node:22`; null for the machine of the runner',
  }),
  project: z.record(z.string(), z.string()).meta({
    description:
      'pages of its project at an unknown forge: the project\'s page under the name of a kind of forge, as in `{"cgit": "https://git.example.org/app"}`, or templates under `page`, `commit`, `branch`, `file` and `pull-request`; empty for those of the known forges',
  }),
  pullRequests: z.enum(pullRequestModes).meta({
    description:
      'whose pull requests are built: same: those whose head is a branch of the repository itself; approved: those, and those of forks once a person has approved them; all: those of forks, too',
  }),
  pullRequestRefs: z.string().nullable().meta({
    description:
      'full name of the refs of their heads, with one `*` for the number, such as `refs/mr/*/head`; null for those of GitHub, GitLab, Gitea, Forgejo, Bitbucket Data Center, Pagure and Gerrit',
  }),
  pullRequestCheckout: z.enum(pullRequestCheckouts).meta({
    description: 'what of a pull request is tested: its merge with the base branch, or its head alone',
  }),
  pullRequestRebuild: z.boolean().meta({
    description: 'whether pull requests that need no approval are built again when their base branch has moved',
  }),
  pullRequestLabels: z.array(z.string()).nullable().meta({
    description: 'globs of the labels that jobs of pull requests may ask for; null for all',
  }),
  visibility: z.enum(visibilities).meta({ description: visibilityMeaning }),
});

const repository = name(
  'Repository',
  z.object({
    name: z.string(),
    url: z.string().meta({ description: 'a password in it is not shown' }),
    host: z.string().nullable().meta({ description: 'machine that the path is on, null for a URL' }),
    ...settings.shape,
    observedAt: time.nullable(),
    defaultBranch: z.string().nullable(),
    notice: sentence.meta({ description: 'a warning for people' }),
    error: z.object({ code: z.string(), message: z.string(), remedy: z.string(), since: time }).nullable(),
    retryAt: time.nullable().meta({ description: 'after an error: when the next poll may be at the earliest' }),
  }),
);

export const givenSettings = settings
  .extend({ runners: z.array(z.string()).max(20).meta({ description: runnersMeaning }) })
  .partial();

export const newRepository = name(
  'NewRepository',
  givenSettings
    .extend({
      url: z.string().min(1).max(4096).meta({ description: "URL, or a path on the web stage's machine" }),
      // an invalid name has its own error, `bad_name`
      name: z
        .string()
        .max(1024)
        .optional()
        .meta({ pattern: repositoryNamePattern.source, description: 'by default the last part of the URL' }),
    })
    .strict(),
);

export const repositoryChange = name('RepositoryChange', givenSettings.strict());

export const repositoryAnswer = repository;

/** A key that begins as a signing token has to be one: else nothing would be left of it, and anybody could sign. */
const hookKeyPattern = /^(?!whsec_)|^whsec_[a-z0-9+/]{22,}={0,2}$/i;

export const hookRequest = name(
  'HookRequest',
  z.object({
    rotate: z.boolean().default(false).meta({ description: "make a new secret, and forget the forge's own key" }),
    key: z
      .string()
      .min(16)
      .max(1000)
      .regex(hookKeyPattern, 'is no signing token: base64 of at least 16 bytes must follow whsec_')
      .optional()
      .meta({
        description: 'the key that the forge itself has made, as Pagure does; the secret stays valid beside it',
      }),
  }),
);

export const hook = name(
  'Hook',
  z.object({
    path: z.string().meta({ description: 'path of the webhook below the address of the dashboard' }),
    secret: z.string(),
    signingToken: z
      .string()
      .meta({ description: "the secret in the form of Standard Webhooks, for GitLab's signing token" }),
  }),
);

export const removed = name(
  'Removed',
  z.object({
    cancelled: z.array(z.string()).meta({ description: 'ids of the open builds, which are being cancelled' }),
    purge: z.boolean().meta({ description: 'whether its builds, logs and results are deleted, too' }),
  }),
);

export const repositoryList = name('RepositoryList', z.object({ repos: z.array(repository), next: nextAfter }));
