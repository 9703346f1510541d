import { expect } from 'chai';
import { findProblems } from '../../../src/job/output/find-problems.ts';
import { Masker } from '../../../src/job/output/masker.ts';
import { Matchers } from '../../../src/job/output/matchers.ts';
import { StepOutput } from '../../../src/job/output/step-output.ts';
import type { WorkflowCommand } from '../../../src/job/output/workflow-command.ts';
import type { Annotation } from '../../../src/kernel/model.ts';

describe('the output of a step', () => {
  function output(change: { secrets?: string[]; debug?: boolean; matchers?: Matchers } = {}) {
    const chunks: Buffer[] = [];
    const annotations: Annotation[] = [];
    const acts: WorkflowCommand[] = [];
    const masker = new Masker(change.secrets);
    const step = new StepOutput({
      masker,
      matchers: change.matchers ?? new Matchers(),
      find: async (search) => findProblems(search),
      debug: change.debug ?? false,
      logged: () => chunks.reduce((sum, { length }) => sum + length, 0),
      log: (chunk) => void chunks.push(Buffer.from(chunk)),
      annotate: (annotation) => annotations.push(annotation),
      act: (command) => {
        if (command.name === 'set-env') throw new Error('not any more');
        if (command.name === 'add-mask') masker.add(command.data);
        acts.push(command);
      },
    });
    return { step, annotations, acts, log: () => Buffer.concat(chunks).toString() };
  }

  const cases: [what: string, printed: string, log: string][] = [
    ['ordinary lines as they are', 'a\r\n\n  b\nno end', 'a\r\n\n  b\nno end'],
    [
      'lines that look like commands and are none',
      '::x\n: y\n:::\n##\n#[a]b\n::none::x\n',
      '::x\n: y\n:::\n##\n#[a]b\n::none::x\n',
    ],
    ['groups', '::group::One\na\n::endgroup::\n', '##[group]One\na\n##[endgroup]\n'],
    ['errors and warnings', '::error file=a,line=1::bad\n##[warning]hm\n', '##[error]bad\n##[warning]hm\n'],
    ['no debug lines', '::debug::x\n', ''],
    ['no commands for the runner', '::set-output name=a::b\nc\n', 'c\n'],
    ['a command without an end of line', '::notice::last', '##[notice]last\n'],
    [
      'commands, after echo was switched on',
      '::echo::on\n::set-output name=a::b\n::echo::off\n::set-output name=c::d\n',
      '::set-output name=a::b\n',
    ],
    [
      'everything as it is while commands are stopped',
      '::stop-commands::tok\n::error::x\n::tok::\n::error::y\n',
      '::error::x\n##[error]y\n',
    ],
    ['what was wrong with a command', '::set-env name=a::b\n', '##[error]not any more\n'],
    ['no value that a line has asked to hide', 'pass123\n::add-mask::pass123\npass123\n', 'pass123\n***\n'],
  ];
  for (const [what, printed, log] of cases) {
    it(`shows ${what}`, async () => {
      const bytes = Buffer.from(printed);
      const whole = output();
      whole.step.write(bytes);
      await whole.step.end();
      expect(whole.log()).to.equal(log);
      const parts = output();
      const passing = Buffer.alloc(1);
      for (const byte of bytes) parts.step.write(passing.fill(byte));
      await parts.step.end();
      expect(parts.log()).to.equal(log);
      expect(parts.acts).to.deep.equal(whole.acts);
      expect(parts.annotations).to.deep.equal(whole.annotations);
    });
  }

  it('shows a line before its end has come', () => {
    const { step, log } = output({ secrets: ['hidden'] });
    step.write(Buffer.from('10%\r20%'));
    expect(log()).to.equal('10%\r20%');
    step.write(Buffer.from(' :'));
    step.write(Buffer.from('::'));
    expect(log()).to.equal('10%\r20% :::');
  });

  it('shows debug lines if debug is on', async () => {
    const { step, log } = output({ debug: true });
    step.write(Buffer.from('::debug::x\n'));
    expect(log()).to.equal('##[debug]x\n');
  });

  it('annotates errors with file and line', () => {
    const { step, annotations } = output({ secrets: ['hunter22'] });
    step.write(Buffer.from('::error file=src/a.js,line=3,endLine=4,col=5,endColumn=6,title=T::hunter22 %0A bad\n'));
    expect(annotations).to.deep.equal([
      {
        level: 'error',
        message: 'hunter22 \n bad',
        title: 'T',
        file: 'src/a.js',
        line: 3,
        endLine: 4,
        column: 5,
        endColumn: 6,
        logStart: 0,
      },
    ]);
  });

  it('tells for each annotation where its line begins in the log', async () => {
    const matchers = new Matchers();
    matchers.add(
      JSON.stringify({ problemMatcher: [{ owner: 'x', pattern: [{ regexp: '^bad: (.*)$', message: 1 }] }] }),
    );
    const secrets = ['hunter22'];
    const printed =
      'hunter22 at work\nbad: one\n::group::ü\n::error::two\nfine\n  bad: no\nbad: three\n::warning::four';
    for (const size of [1, 7, 1000]) {
      const { step, annotations, log } = output({ matchers, secrets });
      for (let at = 0; at < printed.length; at += size) step.write(Buffer.from(printed.slice(at, at + size)));
      await step.end();
      const lines = annotations.map(({ logStart, message }) => [
        message,
        Buffer.from(log())
          .subarray(logStart ?? 0)
          .toString()
          .split('\n', 1)[0],
      ]);
      expect(lines).to.have.deep.members([
        ['one', 'bad: one'],
        ['two', '##[error]two'],
        ['three', 'bad: three'],
        ['four', '##[warning]four'],
      ]);
    }
  });

  it('finds problems in lines that come in several chunks', async () => {
    const matchers = new Matchers();
    matchers.add(
      JSON.stringify({ problemMatcher: [{ owner: 'x', pattern: [{ regexp: '^bad: (.*)$', message: 1 }] }] }),
    );
    const { step, annotations, log } = output({ matchers });
    for (const part of ['ba', 'd: on', 'e\nfine\nbad: two']) step.write(Buffer.from(part));
    await step.end();
    expect(annotations.map(({ message }) => message)).to.deep.equal(['one', 'two']);
    expect(log()).to.equal('bad: one\nfine\nbad: two');
  });

  it('passes a very long line on as ordinary output though it begins like a command', async () => {
    const { step, log } = output();
    step.write(Buffer.from(' '.repeat(300)));
    expect(log()).to.have.lengthOf(300);
    const long = Buffer.alloc(600_000, 'x');
    const other = output();
    other.step.write(Buffer.from('::error::'));
    await other.step.write(long);
    expect(other.log()).to.equal('');
    await other.step.write(long);
    expect(other.log()).to.have.lengthOf(1_200_009);
  });
});
