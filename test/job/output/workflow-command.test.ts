import { expect } from 'chai';
import { parseCommand } from '../../../src/job/output/workflow-command.ts';

describe('a workflow command', () => {
  const accepted: [line: string, name: string, properties: Record<string, string>, data: string][] = [
    ['::notice::hello', 'notice', {}, 'hello'],
    ['  ::notice::indented', 'notice', {}, 'indented'],
    ['::Group::Build it', 'group', {}, 'Build it'],
    ['::endgroup::', 'endgroup', {}, ''],
    ['::error file=a.js,line=3,col=5::broken', 'error', { file: 'a.js', line: '3', col: '5' }, 'broken'],
    ['::error file = a.js , endLine=4::x', 'error', { file: ' a.js ', endline: '4' }, 'x'],
    ['::warning title=a%3Ab%2Cc%25d::e%0Af%0Dg%25h', 'warning', { title: 'a:b,c%d' }, 'e\nf\rg%h'],
    ['::error::100%250A', 'error', {}, '100%0A'],
    ['::error::a::b', 'error', {}, 'a::b'],
    ['::set-output name=x::1,2;3', 'set-output', { name: 'x' }, '1,2;3'],
    ['::error file=,line=1::x', 'error', { file: '', line: '1' }, 'x'],
    ['##[group]Install', 'group', {}, 'Install'],
    ['##[add-matcher]/tmp/tsc.json', 'add-matcher', {}, '/tmp/tsc.json'],
    ['##[warning file=a.js;line=2]x%3By%5Dz', 'warning', { file: 'a.js', line: '2' }, 'x;y]z'],
    ['::stop-commands::abc', 'stop-commands', {}, 'abc'],
  ];
  for (const [line, name, properties, data] of accepted) {
    it(`is ${JSON.stringify(line)}`, () => {
      const command = parseCommand(line);
      expect(command).to.include({ name, data });
      expect(Object.fromEntries(command?.properties ?? [])).to.deep.equal(properties);
    });
  }

  for (const line of [
    '',
    'hello',
    'a ::error::b',
    '::',
    '::error',
    '::unknown::x',
    '::abc::',
    '##[command]ls',
    '##[error',
    '#[error]x',
    '::constructor::x',
  ]) {
    it(`is not ${JSON.stringify(line)}`, () => expect(parseCommand(line)).to.equal(undefined));
  }

  it('may have a token for its name, exactly as it was given', () => {
    expect(parseCommand('::Abc::', 'Abc')).to.include({ name: 'Abc' });
    expect(parseCommand('::abc::', 'Abc')).to.equal(undefined);
  });
});
