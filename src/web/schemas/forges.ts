import * as z from 'zod';
import { forge } from '../../kernel/model/forge-shapes.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

export const oneForge = name('Forge', forge);

export const forgeList = name('ForgeList', z.object({ forges: z.array(oneForge), next }));

const given = {
  api: z.string().min(1).max(1000).optional().meta({
    description: 'address of the forge or of its API; hosted forges have one by default',
  }),
  repos: z.array(z.string().min(1).max(500)).max(500).optional().meta({
    description:
      'patterns of names of repositories, or NAME=PROJECT; without any, it is for all repositories at its host',
  }),
  report: forge.shape.report.optional(),
};
const token = z.string().min(1).max(4096).meta({ description: 'access token of the forge; Volt never shows it again' });
const jobToken = z.string().min(1).max(4096).meta({
  description: 'what jobs of trusted refs get as GITHUB_TOKEN; only GitHub, Gitea and Forgejo have one',
});

export const forgeRequest = name(
  'ForgeRequest',
  z.object({
    name: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have'),
    kind: forge.shape.kind,
    token,
    jobToken: jobToken.optional(),
    ...given,
  }),
);

export const forgeChange = name(
  'ForgeChange',
  z.object({ token: token.optional(), jobToken: jobToken.nullable().optional(), ...given }),
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
