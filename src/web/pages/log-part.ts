import { logFile, logTimesFile } from '../../kernel/data-paths.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { Job } from '../../kernel/model.ts';
import { testOfResult } from '../../record/test-queries.ts';
import { failureLine, testLine } from '../logs/failure-line.ts';
import type { Hits } from '../logs/hits.ts';
import type { LineIndex } from '../logs/line-index.ts';
import { timesOf } from '../logs/line-times.ts';
import { logSize } from '../logs/log-file.ts';
import type { Web } from '../services.ts';
import { logLine } from '../text/log-line.ts';
import type { LogNote } from './annotations.tsx';
import type { ChosenJob } from './chosen-job.ts';
import type { ShownLine } from './log-markup.ts';
import { type AskedSearch, askedSearch, mostHits } from './log-search.tsx';

/** Lines in the page itself, of which many are half the bytes of a page; with scripts, the browser shows the whole log. */
export const pageLines = 250;
/** Lines before the one where a job has failed that the page shows. */
const linesBefore = 20;

/** What is noted about lines, by their numbers from 0. */
export type Notes = ReadonlyMap<number, readonly LogNote[]>;

/** The part of a log that the query asks for. */
export interface AskedLines {
  /** from 1 */
  line: number | undefined;
  /** a position in bytes, as in a step */
  at: number | undefined;
  /** id of the result of a test, whose line is wanted */
  test: string | undefined;
  search: AskedSearch | undefined;
}

export function askedLines(query: (name: string) => string | undefined): AskedLines {
  const number = (name: string) => (/^\d{1,12}$/.test(query(name) ?? '') ? Number(query(name)) : undefined);
  return {
    line: number('line') || undefined,
    at: number('at'),
    test: number('test')?.toString(),
    search: askedSearch(query),
  };
}

/** The lines of a log that a page shows. Lines are numbered from 0. */
export interface LogPart {
  from: number;
  lines: ShownLine[];
  /** of the log */
  total: number;
  /** bytes of the log */
  end: number;
  /** the line that the query asks for */
  wanted: number | undefined;
  /** the line of the test that the query asks for */
  ofTest: number | undefined;
  /** where the job has failed */
  failing: number | undefined;
  found: Found;
}

/** @param about.failedTests names of the tests that failed in the job */
export async function logPart(
  web: Web,
  { job, attempt }: ChosenJob,
  asked: AskedLines,
  { notes, failedTests }: { notes: Notes; failedTests: readonly string[] },
): Promise<LogPart> {
  const file = logFile(web.config.dataDir, { job: job.id, attempt });
  const index = web.lines.of(file);
  const ofTest = await lineOfTest(web, { job, attempt }, asked.test);
  const wanted = asked.at === undefined ? asked.line && asked.line - 1 : await index.lineAt(asked.at);
  const failing = await failureOf(job, attempt, file, index, failedTests);
  const part = await index.window(wanted ?? (await beginOf(index, ofTest ?? failing)), pageLines);
  const found = await searchIn(web, file, job, asked.search, part);
  const marks = { hits: found.here, failing, chosen: ofTest, notes };
  const lines = await shownLines(web, { job: job.id, attempt }, part, marks);
  const { from, total, end } = part;
  return { from, lines, total, end, wanted, ofTest, failing, found };
}

/** The first line of the page: some lines before the one to show, or as many as fit before the end of the log. */
async function beginOf(index: LineIndex, line: number | undefined): Promise<number> {
  if (line === undefined) return -pageLines;
  const { total } = await index.window(0, 0);
  return Math.max(0, Math.min(line - linesBefore, total - pageLines));
}

/** The line that says why a test failed, in the log of the attempt that has its result. */
async function lineOfTest(
  web: Web,
  { job, attempt }: ChosenJob,
  result: string | undefined,
): Promise<number | undefined> {
  const name = result && (await testOfResult(web.database, { job: job.id, attempt }, result));
  if (!name) return undefined;
  const file = logFile(web.config.dataDir, { job: job.id, attempt });
  return testLine({ file, index: web.lines.of(file), searches: web.searches }, name, job.id);
}

/** The line where a job has failed; undefined if it has not, or if no line says so. */
async function failureOf(
  job: Job,
  attempt: number,
  file: string,
  index: LineIndex,
  tests: readonly string[],
): Promise<number | undefined> {
  if (attempt !== job.attempts.at(-1)?.number || (job.status !== 'failure' && job.status !== 'error')) return undefined;
  const step = job.steps.find(({ status }) => status === 'failure' || status === 'error');
  if (!step || step.logStart === null) return undefined;
  const end = step.logEnd ?? (await logSize(file));
  return failureLine(file, index, { start: step.logStart, end, tests });
}

type LineWindow = Awaited<ReturnType<LineIndex['window']>>;

interface Found {
  /** the first matches */
  hits?: Hits;
  /** the matches in the lines that the page shows */
  here: Hits['hits'];
  /** why the search has failed */
  problem?: string;
}

async function searchIn(
  web: Web,
  file: string,
  job: Job,
  search: AskedSearch | undefined,
  { from, lines }: LineWindow,
): Promise<Found> {
  if (!search) return { here: [] };
  const { pattern } = search;
  try {
    const hits = await web.searches.find(file, { pattern, limit: mostHits, from: search.from }, job.id);
    if (search.only || lines.length === 0) return { hits, here: [] };
    const place = { position: lines[0]?.start ?? 0, line: from };
    const range = { pattern, limit: pageLines, from: place, before: from + lines.length };
    return { hits, here: (await web.searches.find(file, range, job.id)).hits };
  } catch (error) {
    if (error instanceof VoltError) return { here: [], problem: error.message };
    throw error;
  }
}

interface Marks {
  notes: Notes;
  hits: Hits['hits'];
  failing: number | undefined;
  chosen: number | undefined;
}

async function shownLines(
  web: Web,
  ref: { job: Job['id']; attempt: number },
  { from, lines, rest }: LineWindow,
  { hits, failing, chosen, notes }: Marks,
): Promise<ShownLine[]> {
  const times = await timesOf(
    logTimesFile(web.config.dataDir, ref),
    lines.map(({ start }) => start),
  );
  const found = new Map(hits.map((hit) => [hit.line, hit.found]));
  const spans = [...lines.map((line) => line.spans), ...(rest === null ? [] : [rest])];
  return spans.map((line, index) => {
    const number = from + index;
    const at = times[index] ?? undefined;
    return {
      ...logLine(line),
      number,
      classes: number === chosen ? 'chosen' : number === failing ? 'failing' : '',
      found: found.get(number) ?? [],
      notes: notes.get(number) ?? [],
      at: at === times[index - 1] ? undefined : at,
    };
  });
}
