import type { ErrorCode } from '../../kernel/errors.ts';
import { applySettings, compareSettings } from '../config/apply.ts';
import { exportedSettings } from '../config/exported.ts';
import {
  configAnswer,
  configApplied,
  configApplyRequest,
  configDifference,
  configDiffRequest,
} from '../schemas/config.ts';
import { jsonRoute } from './route.ts';

const keyErrors: ErrorCode[] = ['secrets_key_missing', 'secrets_key_wrong', 'secrets_key_bad', 'secrets_damaged'];

const exporting = jsonRoute({
  method: 'get',
  path: '/config',
  summary: 'The settings of Volt as a whole, without secrets',
  confidential: true,
  answer: configAnswer,
  errors: keyErrors,
  handle: async (_, web) => ({ config: await exportedSettings(web) }),
});

const comparing = jsonRoute({
  method: 'post',
  path: '/config/diff',
  summary: 'What would change if settings were applied, and what is wrong with them; nothing is applied',
  changesNothing: true,
  body: configDiffRequest,
  answer: configDifference,
  errors: ['too_large', ...keyErrors],
  handle: async ({ body }, web) => compareSettings(web, body),
});

const applying = jsonRoute({
  method: 'post',
  path: '/config/apply',
  summary: 'Apply settings: all of them, or none',
  body: configApplyRequest,
  answer: configApplied,
  errors: ['bad_setting', 'conflict', 'too_large', 'data_unwritable', ...keyErrors],
  auditedTarget: ({ changes }) => `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`,
  handle: async ({ body: { digest, ...given }, requester: { caller }, address }, web) =>
    applySettings(web, given, { name: caller?.name ?? '', person: caller?.person?.id, address }, digest),
});

export const configRoutes = [exporting, comparing, applying];
