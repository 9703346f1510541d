import type { TestStatus } from '../../kernel/model.ts';
import { type Fields, isRecord, textsIn } from '../discovery/records.ts';
import type { FoundTest } from './collection.ts';
import { suiteOf } from './lines.ts';

/**
 * Parses a report in JSON: of Jest (`--json`) and Vitest (`--reporter=json`), which have the same format, or of Mocha
 * (`--reporter json`).
 * @throws Error if it is none of these
 */
export function readJsonReport(text: string): FoundTest[] {
  const report = JSON.parse(text) as unknown;
  if (!isRecord(report)) throw new Error('it is not a test report');
  if (Array.isArray(report.testResults)) return report.testResults.filter(isRecord).flatMap(ofJest);
  if (isRecord(report.stats) && Array.isArray(report.tests)) return ofMocha(report);
  throw new Error('it is not a report of Jest, Vitest or Mocha');
}

const jestStatus: { readonly [word: string]: TestStatus } = {
  passed: 'passed',
  failed: 'failed',
  pending: 'skipped',
  skipped: 'skipped',
  todo: 'skipped',
  disabled: 'skipped',
};

function ofJest(file: Fields): FoundTest[] {
  const path = textOf(file.name) ?? '';
  const cases = Array.isArray(file.assertionResults) ? file.assertionResults.filter(isRecord) : [];
  if (cases.length === 0 && file.status === 'failed') {
    const message = textOf(file.message);
    return [{ suite: path, name: '(file)', file: path, status: 'error', message: headline(message), details: message }];
  }
  return cases.map((found) => {
    const details = textsIn(found.failureMessages).join('\n\n');
    const groups = textsIn(found.ancestorTitles);
    return {
      suite: suiteOf(groups) || path,
      name: textOf(found.title) ?? '',
      file: path,
      status: jestStatus[textOf(found.status) ?? ''] ?? 'error',
      duration: numberOf(found.duration),
      message: headline(details),
      details: details || null,
    };
  });
}

/** Failed hooks are among the failures only. */
function ofMocha(report: Fields): FoundTest[] {
  const lists = { passed: report.passes, failed: report.failures, skipped: report.pending } as const;
  return (['passed', 'failed', 'skipped'] as const).flatMap((status) => {
    const list = lists[status];
    return Array.isArray(list) ? list.filter(isRecord).map((test) => ofMochaTest(test, status)) : [];
  });
}

function ofMochaTest(test: Fields, status: TestStatus): FoundTest {
  const name = textOf(test.title) ?? '';
  const full = textOf(test.fullTitle) ?? name;
  const error = isRecord(test.err) ? test.err : {};
  return {
    suite: full.endsWith(name) ? full.slice(0, full.length - name.length).trim() : full,
    name,
    file: textOf(test.file),
    status,
    duration: numberOf(test.duration),
    message: headline(textOf(error.message)),
    details: textOf(error.stack),
    expected: textOf(error.expected),
    actual: textOf(error.actual),
  };
}

function headline(text: string | null): string | null {
  return text?.trim().split('\n', 1)[0] || null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
