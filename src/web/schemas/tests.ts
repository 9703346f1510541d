import * as z from 'zod';
import * as shapes from '../../kernel/model/test-shapes.ts';
import { nextAfter } from './paging.ts';
import { name } from './registry.ts';

const recordedResult = name('TestResult', shapes.recordedResult);
const test = name('Test', shapes.test);

export const testResultList = name(
  'TestResultList',
  z.object({
    tests: z.array(recordedResult),
    next: nextAfter,
  }),
);

export const testList = name('TestList', z.object({ tests: z.array(test), next: nextAfter }));

export const testHistory = name(
  'TestHistory',
  z.object({
    test,
    results: z.array(shapes.pastResult),
    next: z.string().nullable().meta({ description: 'value of `before` for the next page' }),
  }),
);
