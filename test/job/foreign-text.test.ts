import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SearchBudget } from '../../src/job/globs/search-budget.ts';
import { Masker } from '../../src/job/output/masker.ts';
import { Matchers } from '../../src/job/output/matchers.ts';
import { StepOutput } from '../../src/job/output/step-output.ts';
import { addAll, TestCollection } from '../../src/job/reports/collection.ts';
import { ReportReader } from '../../src/job/reports/files.ts';
import { OutputTests } from '../../src/job/reports/output.ts';
import { CommandFiles } from '../../src/job/steps/command-files.ts';
import { Evaluation } from '../../src/job/steps/evaluation.ts';
import { hashFiles } from '../../src/job/steps/hash-files.ts';
import { TextWorker } from '../../src/job/texts/text-worker.ts';
import { type Build, type BuildId, newStep } from '../../src/kernel/model.ts';
import { Searches } from '../../src/web/logs/searches.ts';
import { Summaries } from '../../src/web/summaries/summaries.ts';
import { Terminal } from '../../src/web/text/terminal.ts';
import { calledIn } from '../../src/workflow/called-file.ts';
import { longestFile } from '../../src/workflow/files.ts';
import { TestFolders } from '../support/folder.ts';
import { longestBlock, tenMilliseconds } from '../support/longest-block.ts';

/** Bytes that a job's output comes in at most. */
const chunkSize = 65_536;

/** A chunk of output that is full of a line. */
function chunkOf(line: string): Buffer {
  return Buffer.from(`${line}\n`.repeat(Math.ceil(chunkSize / (Buffer.byteLength(line) + 1)))).subarray(0, chunkSize);
}

/** A line of so many characters. */
const lineOf = (begin: string, part: string, end = '', length = 3990) =>
  (begin + part.repeat(Math.ceil(length / part.length))).slice(0, length) + end;

describe('the worst text of a commit or a job does not block the process:', () => {
  const folders = new TestFolders();
  const texts = new TextWorker();
  const summaries = new Summaries();
  const searches = new Searches();
  /** five times of what takes ten milliseconds, as the machine is now */
  let bound: number;

  beforeEach(() => {
    bound = 5 * Math.max(10, tenMilliseconds());
  });
  after(async () => {
    await texts.close();
    await Promise.all([summaries.close(), searches.close()]);
    folders.remove();
  });

  /** Twice, where the first time is used to compile what is run, or to collect garbage. */
  async function holdsNobodyUp(work: () => unknown): Promise<void> {
    const first = await longestBlock(work);
    if (first >= bound) expect(await longestBlock(work)).to.be.below(bound);
  }

  const lines = {
    'cargo test': lineOf('test a', ' ... ok, ', '!'),
    'node --test': lineOf('✔ ', ' (1.1ms) # ', '!'),
    vitest: lineOf('', '⎯', '!'),
    jest: lineOf('Tests: ', ' ', '!'),
    mocha: lineOf('  ', '✔ (1ms) ', '!'),
    tap: lineOf('ok 1 - ', '\\#', '!'),
    'go test -json': `{"Action":"output","Output":"${'\\u0061'.repeat(600)}`,
    unittest: lineOf('a (a', '.a', '!'),
  };
  for (const [what, line] of Object.entries(lines)) {
    it(`output that looks like that of ${what}`, async () => {
      const tests = new OutputTests();
      const chunk = chunkOf(line);
      await holdsNobodyUp(() => tests.push(chunk));
    });
  }

  it('output with very many results and their details', async () => {
    const found = new OutputTests();
    const details = Array.from({ length: 2400 }, (_, index) => `  k${index}:\n`).join('');
    const point = `not ok 1 - a\n  ---\n${details}  ...\n`;
    found.push(Buffer.from('TAP version 14\n1..2\n'));
    for (let count = 0; count < 30; count++) {
      const bytes = Buffer.from(point);
      await holdsNobodyUp(() => found.push(bytes));
    }
    await holdsNobodyUp(() => found.end(new TestCollection('/app')));
  });

  it('failures whose text is full of comparisons, differences and paths', async () => {
    const folder = folders.make();
    const lines = [
      'expected: <',
      '= a, want b',
      'E   assert a == ',
      '- Expected\n',
      '+ expected - actual\n-\n+\n',
      'a_test.go:1\n',
    ];
    for (const line of lines) {
      const details = line.repeat(20_000 / line.length);
      const found = Array.from({ length: 100 }, (_, index) => ({ suite: 'a/b/c/d', name: `${index}`, details }));
      const tests = new TestCollection(folder);
      await holdsNobodyUp(() =>
        addAll(
          found.map((test) => ({ ...test, status: 'failed' })),
          tests,
        ),
      );
      expect(tests.seen).to.equal(100);
    }
  });

  it('output that is full of commands, while problem matchers are at work', async () => {
    const matchers = new Matchers();
    const pattern = Array.from({ length: 10 }, () => ({ regexp: `^${'(a|a)*'.repeat(600)}$`, message: 1 }));
    const file = JSON.stringify({
      problemMatcher: [{ owner: 'slow', pattern }],
    });
    await holdsNobodyUp(() => matchers.add(file));
    const output = new StepOutput({
      ...{
        masker: new Masker(),
        matchers,
        debug: true,
        logged: () => 0,
        log: () => undefined,
        annotate: () => undefined,
      },
      find: (search, signal) => texts.forJob('matchers').work('problems', search, 'it failed', signal),
      act: () => undefined,
    });
    const chunks = [chunkOf('::error file=a,line=1::a'), chunkOf('a'), chunkOf(`${'a'.repeat(60)}!`), chunkOf('::')];
    for (const chunk of chunks) await holdsNobodyUp(() => output.write(chunk));
    await holdsNobodyUp(() => output.end());
  });

  it('workflow files that are searched for called workflows', async () => {
    const folder = '/.github/workflows/';
    const parts = [
      'a',
      'a/',
      '.',
      folder,
      `a/b${folder}x.yml@v1`,
      `${'x'.repeat(100)}/${'y'.repeat(99)}${folder}${'.yml'.repeat(40)}@`,
    ];
    for (const part of parts) {
      const text = part.repeat(Math.ceil(longestFile / part.length));
      await holdsNobodyUp(() => calledIn(text, { repository: 'a/b', ref: 'c' }));
    }
  });

  it('files in which a step sets very many values', async () => {
    for (const text of ['a=\n'.repeat(349_000), `a<<b\n${'c\n'.repeat(524_000)}b\n`, '\n'.repeat(1_048_000)]) {
      const files = CommandFiles.create(folders.make(), undefined);
      for (const path of Object.values(files.variables)) writeFileSync(path, text);
      await holdsNobodyUp(() =>
        files.read().catch((error: Error) => expect(error.message).to.match(/Unable|more than/)),
      );
    }
  });

  it('test reports of the largest size', async () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'a.json'), `{"testResults":[${'{"a":[[]]},'.repeat(300_000)}{}]}`);
    writeFileSync(
      join(folder, 'b.xml'),
      `<testsuite>${`<testcase ${'a="" '.repeat(10)}/>`.repeat(20_000)}</testsuite>`,
    );
    writeFileSync(join(folder, 'c.txt'), 'ä'.repeat(4_900_000));
    const readJson = (text: string) => texts.forJob('report').work('report', text, 'it cannot be read');
    const told: string[] = [];
    const reader = new ReportReader(new TestCollection(folder), readJson);
    await holdsNobodyUp(() => reader.read({ folder, globs: ['*'] }, (sentence) => told.push(sentence)));
  });

  it('patterns for paths that match names in many ways', async () => {
    const folder = folders.make();
    for (let count = 0; count < 200; count++) writeFileSync(join(folder, `${'a'.repeat(240)}${count}`), '');
    const deep = join(folder, 'a/'.repeat(200));
    mkdirSync(deep, { recursive: true });
    const patterns = Array.from({ length: 40 }, () => `${'*a'.repeat(20)}b/${'**/a/'.repeat(15)}`);
    await holdsNobodyUp(() => hashFiles(folder, patterns.slice(0, 15), new SearchBudget()).catch(() => undefined));
    await holdsNobodyUp(() => hashFiles(folder, [`${'*a'.repeat(400)}b`], new SearchBudget()));
  });

  it('expressions that read or make large values', async () => {
    const place = { workspace: folders.make(), budget: new SearchBudget(), texts: texts.forJob('expressions') };
    const yes = () => true;
    const status = { success: yes, failure: yes, always: yes, cancelled: yes };
    const evaluation = new Evaluation({ env: { M: 'ä'.repeat(1_000_000) } }, status, place);
    const some = new Evaluation({ env: { M: 'ä'.repeat(200_000) } }, status, place);
    for (const expression of [
      Array(60).fill("env.M == 'a'").join(' || '),
      "format('{0}{0}', env.M)",
      `toJSON(fromJSON(format('[{0}]', '${'[],'.repeat(3000)}[]')))`,
    ]) {
      await holdsNobodyUp(() => evaluation.condition(expression).catch(() => undefined));
    }
    await holdsNobodyUp(() => some.condition(Array(6).fill("env.M == 'a'").join(' || ')));
  });

  it('files by which projects are discovered', async () => {
    const described: [string, string][] = [
      ['package.json', '['.repeat(249_000)],
      ...['pyproject.toml', 'tox.ini', 'setup.cfg'].map((file): [string, string] => [file, '[tool'.repeat(49_000)]),
      ['Makefile', `${'test \n'.repeat(1000)}test${' '.repeat(240_000)}`],
    ];
    const files = described.map(([path]) => ({ path, executable: false }));
    const tree = { files, texts: described, isCut: false };
    await holdsNobodyUp(async () => {
      const found = await texts.forJob('discovery').work('discover', tree, 'the search');
      expect(found.projects).to.deep.equal([]);
    });
  });

  it('summaries in Markdown', async () => {
    const jobs = Array.from({ length: 12 }, (_, index) => ({
      id: `7-${index}`,
      steps: [{ ...newStep('s'), summary: `${'http://a.b/('.repeat(5400)}${index}` }],
    }));
    const build = { id: '7' as BuildId, repo: 'app', jobs } as unknown as Build;
    for (let count = 0; count < 3; count++) await holdsNobodyUp(() => summaries.of(build, undefined));
  });

  it('logs that are shown and searched', async () => {
    const file = join(folders.make(), 'log');
    const text = `${'\u001b['.repeat(20_000)}\n${'\u001b]'.repeat(20_000)}\n${'\u001b[1;'.repeat(20_000)}\n`;
    writeFileSync(file, text.repeat(20));
    await holdsNobodyUp(() => new Terminal().write(text));
    const search = (text: string, regex: boolean) => {
      const searched = { pattern: { text, regex, matchCase: false }, limit: 10, from: { position: 0, line: 0 } };
      return searches.find(file, searched, '').catch((error: unknown) => error);
    };
    await holdsNobodyUp(() => search('needle', false));
    await holdsNobodyUp(() => search('^(\\w+\\s?)+$', true));
  });
});
