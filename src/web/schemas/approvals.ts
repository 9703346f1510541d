import * as z from 'zod';
import { approvalChange, jobId } from '../../kernel/model/shapes.ts';
import { name } from './registry.ts';

export const approveRequest = name(
  'ApproveRequest',
  z.object({
    decline: z.boolean().default(false).meta({ description: 'whether it must not run' }),
    comment: z.string().max(1000).optional().meta({ description: 'shown beside the decision' }),
  }),
);

export const approveBuildRequest = name(
  'ApproveBuildRequest',
  approveRequest.extend({
    jobs: z
      .array(jobId)
      .max(1000)
      .optional()
      .meta({ description: 'the jobs that are meant; without it, all that wait when the request comes' }),
  }),
);

export const approved = name(
  'Approved',
  z.object({ jobs: z.array(jobId).meta({ description: 'the jobs that were approved or declined' }) }),
);

export const approvalMaterialAnswer = name(
  'ApprovalMaterial',
  z.object({
    digest: z.string().meta({ description: 'SHA-256 of the commits and of the changes that are approved' }),
    files: z.array(name('ApprovalChange', approvalChange)),
    more: z.number().int().meta({ description: 'further files that differ' }),
  }),
);
