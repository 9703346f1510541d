import * as z from 'zod';
import * as shapes from '../../kernel/model/shapes.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';

name('Attempt', shapes.attempt);
name('Annotation', shapes.annotation);
name('Step', shapes.step);
name('Approval', shapes.approval);
name('DeploymentTarget', shapes.deploymentTarget);
name('Job', shapes.job);
name('TestSummary', shapes.testSummary);

export const build = name('Build', shapes.build);

export const buildList = name(
  'BuildList',
  z.object({ builds: z.array(name('BuildSummary', shapes.buildSummary)), next }),
);

export const change = name('Change', z.object({ build: z.string(), repo: z.string(), status: z.string() }));
