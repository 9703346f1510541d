import { expect } from 'chai';
import { findProblems } from '../../../src/job/output/find-problems.ts';
import { Matchers } from '../../../src/job/output/matchers.ts';
import { ProblemSearch } from '../../../src/job/output/problem-search.ts';
import type { Annotation } from '../../../src/kernel/model.ts';
import { pause } from '../../../src/system/wait.ts';

describe('problem matchers', () => {
  const matcherOf = (owner: string, pattern: object[], more: object = {}) =>
    JSON.stringify({ problemMatcher: [{ owner, pattern, ...more }] });
  const tsc = matcherOf('tsc', [
    {
      regexp: '^([^\\s].*)\\((\\d+),(\\d+)\\):\\s+(error|warning|info)\\s+(TS\\d+)\\s*:\\s*(.*)$',
      file: 1,
      line: 2,
      column: 3,
      severity: 4,
      code: 5,
      message: 6,
    },
  ]);
  const stylish = matcherOf('eslint', [
    { regexp: '^([^\\s].*)$', file: 1 },
    {
      regexp: '^\\s+(\\d+):(\\d+)\\s+(error|warning)\\s+(.*?)\\s\\s+(.*)$',
      line: 1,
      column: 2,
      severity: 3,
      message: 4,
      code: 5,
      loop: true,
    },
  ]);

  /** Where everything is searched at once, in this process. */
  function searchWith(matchers: Matchers): { search: ProblemSearch; problems: Annotation[] } {
    const problems: Annotation[] = [];
    const search = new ProblemSearch(
      matchers,
      async (lines) => findProblems(lines),
      (problem) => problems.push(problem),
    );
    return { search, problems };
  }

  async function find(files: string[], lines: string[]) {
    const matchers = new Matchers();
    for (const file of files) matchers.add(file);
    const { search, problems } = searchWith(matchers);
    for (const line of lines) search.take(line, 0);
    expect(await search.end()).to.deep.equal([]);
    return problems.map(({ level, file, line, column, message }) => [level, file, line, column, message]);
  }

  it('find a problem in one line, ignoring colours', async () => {
    expect(
      await find([tsc], ['all well', '\u001b[31msrc/a.ts(3,14): error TS2304: Cannot find name.\u001b[0m\r']),
    ).to.deep.equal([['error', 'src/a.ts', 3, 14, 'TS2304: Cannot find name.']]);
  });

  it('find problems in several lines, and go on while they follow each other', async () => {
    const lines = [
      '/src/a.js',
      '  1:2  error  Missing semicolon  semi',
      '  5:6  warning  Unused  no-unused',
      '',
      '  7:8  error  Alone  x',
    ];
    expect(await find([stylish], lines)).to.deep.equal([
      ['error', '/src/a.js', 1, 2, 'semi: Missing semicolon'],
      ['warning', '/src/a.js', 5, 6, 'no-unused: Unused'],
    ]);
  });

  it('use the severity of the matcher if the line has none, and ignore an unknown one', async () => {
    const simple = (severity?: string) => matcherOf('x', [{ regexp: '^E (.*)', message: 1 }], { severity });
    expect((await find([simple()], ['E a']))[0]?.[0]).to.equal('error');
    expect((await find([simple('warning')], ['E a']))[0]?.[0]).to.equal('warning');
    expect(await find([tsc], ['a(1,1): info TS1: x'])).to.deep.equal([]);
  });

  it('replace one of the same owner, and can be removed, each from the next line on', async () => {
    const matchers = new Matchers();
    const { search, problems } = searchWith(matchers);
    matchers.add(matcherOf('x', [{ regexp: '^a(.*)', message: 1 }]));
    search.take('a1', 0);
    matchers.add(matcherOf('x', [{ regexp: '^b(.*)', message: 1 }]));
    for (const line of ['a2', 'b2']) search.take(line, 0);
    matchers.remove('x');
    expect(search.active).to.equal(false);
    expect(await search.end()).to.deep.equal([]);
    expect(problems.map(({ message }) => message)).to.deep.equal(['1', '2']);
  });

  it('find a problem of several lines that are searched in several batches', async () => {
    const matchers = new Matchers();
    matchers.add(stylish);
    const { search, problems } = searchWith(matchers);
    search.take('/src/a.js', 0);
    await pause(1);
    search.take('  1:2  error  Missing semicolon  semi', 0);
    await search.end();
    expect(problems.map(({ file, line }) => [file, line])).to.deep.equal([['/src/a.js', 1]]);
  });

  it('are removed with a notice when they take too long, and the others go on', async () => {
    const matchers = new Matchers();
    matchers.add(matcherOf('good', [{ regexp: '^E (.*)', message: 1 }]));
    matchers.add(matcherOf('slow', [{ regexp: '^(a+)+$', message: 1 }]));
    const { search, problems } = searchWith(matchers);
    for (const line of [`${'a'.repeat(60)}!`, 'E found']) search.take(line, 0);
    const [said, ...others] = await search.end();
    expect(said).to.match(/"slow" was removed: .* 2 s of processor time/);
    expect(others).to.deep.equal([]);
    expect(problems.map(({ message }) => message)).to.deep.equal(['found']);
    expect(matchers.list.map(({ owner }) => owner)).to.deep.equal(['good']);
  });

  it('are removed when many lines are each a little slow, and get no new time when they are added again', async () => {
    const matchers = new Matchers();
    const slow = matcherOf('slow', [{ regexp: '^(a|a)*$', message: 1 }]);
    matchers.add(slow);
    const { search } = searchWith(matchers);
    for (let count = 0; count < 2000; count++) search.take(`${'a'.repeat(18)}!`, 0);
    expect(await search.end()).to.have.lengthOf(1);
    matchers.add(slow);
    const again = searchWith(matchers);
    again.search.take('a', 0);
    expect(await again.search.end()).to.have.lengthOf(1);
    expect(matchers.list).to.deep.equal([]);
  });

  it('skip lines that are printed faster than they can be searched, and report how many', async () => {
    const matchers = new Matchers();
    matchers.add(matcherOf('x', [{ regexp: '^b$', message: 1 }]));
    const { search } = searchWith(matchers);
    for (let count = 0; count < 3000; count++) search.take('a'.repeat(4000), 0);
    expect((await search.end()).join()).to.match(/^\d+ lines were not searched for problems$/);
  });

  for (const [what, text] of [
    ['what is not JSON', '{'],
    ['a file of something else', '{}'],
    ['an expression that is none', matcherOf('x', [{ regexp: '(' }])],
    ['no pattern', matcherOf('x', [])],
  ] as const) {
    it(`refuse ${what}`, () => expect(() => new Matchers().add(text)).to.throw());
  }
});
