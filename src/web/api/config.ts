import { counted } from '../../kernel/counted.ts';
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
import { contentRoute, jsonRoute } from './route.ts';

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

const file = contentRoute({
  method: 'get',
  path: '/config/file',
  summary: 'The same as a file of YAML',
  confidential: true,
  content: { 'application/yaml': 'as `volt config export` writes it' },
  errors: ['timed_out', 'too_large', ...keyErrors],
  handle: async (_, context, web) =>
    context.body(await web.configTexts.written(await exportedSettings(web)), 200, {
      'content-type': 'application/yaml',
      'content-disposition': 'attachment; filename="volt.yml"',
      'cache-control': 'no-store',
    }),
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
  auditedTarget: ({ changes }) => counted(changes.length, 'change'),
  handle: async ({ body: { digest, ...given }, requester: { caller }, address }, web) =>
    applySettings(web, given, { name: caller?.name ?? '', person: caller?.person?.id, address }, digest),
});

export const configRoutes = [exporting, file, comparing, applying];
