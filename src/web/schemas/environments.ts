import * as z from 'zod';
import { deployment, environment } from '../../kernel/model/access-shapes.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

export const environmentAnswer = name('Environment', environment);

export const environmentList = name('EnvironmentList', z.object({ environments: z.array(environmentAnswer), next }));

/** Most minutes that a deployment may wait: 30 days, as on GitHub. */
const longestWait = 43_200;

export const environmentRequest = name(
  'EnvironmentRequest',
  z.object({
    branches: z
      .array(z.string().min(1).max(255))
      .max(100)
      .default([])
      .meta({ description: 'globs of branches or of full names of refs that may deploy to it; empty for all' }),
    approve: z.boolean().default(false).meta({ description: 'whether a person must approve each deployment' }),
    waitMinutes: z.number().int().min(0).max(longestWait).default(0).meta({ description: 'how long each one waits' }),
  }),
);

export const entryRequest = name('EnvironmentEntryRequest', z.object({ value: z.string() }));

export const deploymentList = name(
  'DeploymentList',
  z.object({ deployments: z.array(name('Deployment', deployment)), next }),
);
