import * as z from 'zod';
import { forge } from '../../kernel/model/forge-shapes.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

export const oneForge = name('Forge', forge);

export const forgeList = name('ForgeList', z.object({ forges: z.array(oneForge), next }));

export const forgeScope = {
  api: z.string().min(1).max(1000).optional().meta({
    description: 'address of the forge or of its API; hosted forges have one by default',
  }),
  repos: z.array(z.string().min(1).max(500)).max(500).optional().meta({
    description:
      'patterns of names of repositories, or NAME=PROJECT; without any, it is for all repositories at its host',
  }),
  report: forge.shape.report.optional(),
};
const jobToken = z.string().min(1).max(4096).meta({
  description: 'what jobs of trusted refs get as GITHUB_TOKEN; only GitHub, Gitea and Forgejo have one',
});
const app = z.object({
  id: z.number().int().positive().optional().meta({ description: 'id of the App' }),
  key: z.string().min(1).max(10_000).optional().meta({ description: 'private key of the App, in PEM' }),
  webhookSecret: z.string().min(1).max(500).optional().meta({ description: 'what GitHub signs its webhook with' }),
});
/** A token, or an App. */
const credential = {
  token: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .meta({ description: 'access token of the forge; Volt never shows it again' }),
  app: app.optional().meta({
    description: 'in place of a token: the GitHub App that Volt is; Volt never shows its key and its secret again',
  }),
};

export const forgeRequest = name(
  'ForgeRequest',
  z.object({
    name: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have'),
    kind: forge.shape.kind,
    ...credential,
    jobToken: jobToken.optional(),
    ...forgeScope,
  }),
);

export const forgeChange = name(
  'ForgeChange',
  z.object({ ...credential, jobToken: jobToken.nullable().optional(), ...forgeScope }),
);

export const forgeCheck = name(
  'ForgeCheck',
  z.object({
    name: z.string(),
    repos: z.array(z.object({ repo: z.string(), project: z.string() })).meta({
      description: 'the repositories whose builds it shows, at most 20 of them checked',
    }),
  }),
);
