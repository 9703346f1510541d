import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Minimatch } from 'minimatch';
import { errorText } from '../../kernel/errors.ts';
import { readUntrusted } from '../untrusted-file.ts';
import type { TestCollection } from './collection.ts';
import { readJsonReport } from './json.ts';
import { JUnitParser } from './junit.ts';
import { OutputTests } from './output.ts';

/** Bytes of one report, of one in JSON, which is parsed in one go, and of all of a job's. */
const largest = 20_000_000;
const largestJson = 4_000_000;
const mostBytes = 100_000_000;
/** Reports of one job, and entries of folders that are looked at to find them. */
const mostFiles = 2000;
const mostEntries = 200_000;
/** Characters that are parsed before others have their turn. */
const slice = 32_768;

/** Reports to be read: globs below a folder; without a slash at its beginning a glob may be met at any depth by `**`. */
export interface ReportPlace {
  folder: string;
  globs: readonly string[];
}

/**
 * Reads the reports of a job. One that cannot be read is none, and is told.
 * @param tell is given a sentence about each
 */
export async function readReports(
  { folder, globs }: ReportPlace,
  tests: TestCollection,
  tell: (sentence: string) => void,
): Promise<void> {
  let left = mostBytes;
  for (const path of await find(folder, globs, tell)) {
    try {
      const text = readUntrusted(folder, join(folder, path), Math.min(largest, left));
      left -= text.length;
      await readReport(path, text, tests);
    } catch (error) {
      tell(`the report ${path} is left out: ${errorText(error).split('\n', 1)[0]?.slice(0, 300)}`);
    }
  }
}

async function readReport(path: string, text: string, tests: TestCollection): Promise<void> {
  if (text.trim() === '') throw new Error('it is empty');
  if (/\.xml$/i.test(path) || /^\s*<\?xml/.test(text)) return readXml(text, tests);
  // Go has one event a line
  if (/^\s*\{/.test(text) && !/^\s*\{.*"Action":/.test(text)) {
    if (text.length > largestJson) throw new Error(`it is larger than ${largestJson / 1_000_000} MB`);
    for (const test of readJsonReport(text)) tests.add(test);
    return;
  }
  const lines = new OutputTests();
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += slice) {
    lines.push(bytes.subarray(from, from + slice));
    await setImmediate();
  }
  const before = tests.seen;
  lines.end(tests);
  if (tests.seen === before) throw new Error('it is a report of no kind that is known');
}

async function readXml(text: string, tests: TestCollection): Promise<void> {
  const parser = new JUnitParser();
  try {
    for (let from = 0; from < text.length; from += slice) {
      parser.write(text.slice(from, from + slice));
      await setImmediate();
    }
    parser.end();
  } finally {
    // what is whole of a report that breaks off still counts
    for (const test of parser.tests) tests.add(test);
  }
}

/** Paths below the folder, in order. Links are not followed. */
async function find(folder: string, globs: readonly string[], tell: (sentence: string) => void): Promise<string[]> {
  const patterns = globs.map(
    (glob) => new Minimatch(glob.replace(/^\.?\//, ''), { dot: true, nonegate: true, nocomment: true }),
  );
  const found: string[] = [];
  const folders = [''];
  let entries = 0;
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    const open = await opendir(join(folder, next)).catch(() => undefined);
    if (!open) continue;
    for await (const entry of open) {
      if (++entries > mostEntries || found.length >= mostFiles) {
        tell(
          `not all files of the job were looked at for reports: there are more than ${found.length >= mostFiles ? mostFiles : mostEntries}`,
        );
        return found.sort();
      }
      const path = next === '' ? entry.name : `${next}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name === 'node_modules' || entry.name === '.git') continue;
        if (patterns.some((pattern) => pattern.match(path, true))) folders.push(path);
      } else if (entry.isFile() && patterns.some((pattern) => pattern.match(path))) found.push(path);
    }
  }
  return found.sort();
}
