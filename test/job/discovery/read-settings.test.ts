import { expect } from 'chai';
import { readSettings } from '../../../src/job/discovery/read-settings.ts';

describe('the text of .volt.yml', () => {
  it('says how a repository is tested', () => {
    const text = [
      'command: |',
      '  make',
      '  make check',
      'install: apt-get install -y x',
      'env: {A: "1", B: 2, C: true}',
      'reports: ["out/*.xml"]',
      'timeout: 1.5',
      'labels: [gpu, "host:box"]',
      'image: registry.example:5000/team/image:1.2',
    ].join('\n');
    expect(readSettings(text)).to.deep.equal({
      settings: {
        command: 'make\nmake check',
        install: 'apt-get install -y x',
        env: { A: '1', B: '2', C: 'true' },
        reports: ['out/*.xml'],
        timeout: 1.5,
        labels: ['gpu', 'host:box'],
        image: 'registry.example:5000/team/image:1.2',
      },
    });
  });

  it('may be empty', () => {
    for (const text of ['', '\n', '# nothing yet\n', '---\n', '{}'])
      expect(readSettings(text), JSON.stringify(text)).to.deep.equal({ settings: {} });
  });

  const wrong: [string, string, number, number, RegExp][] = [
    ['an unknown key', 'timeout: 5\ncomand: make\n', 2, 1, /no setting "comand"; Volt knows command, install/],
    ['what is no image', 'timeout: 1\nimage: Node:22\n', 2, 8, /^image: must be an image such as node:22/],
    ['a value of another type', 'env:\n  A: [1]\n  B: 2\ncommand:\n  - a\n', 5, 3, /^command: /],
    ['a number that is too small', 'labels: [a]\ntimeout: 0\n', 2, 10, /^timeout: /],
    ['a label that no runner may have', 'labels: [a,\n  "B C"]\n', 2, 3, /^labels\.1: /],
    ['a variable that no shell knows', 'env:\n  "A B": 1\n', 2, 10, /^env/],
    ['a variable that is a list', 'env:\n  A: [1]\n', 2, 6, /^env\.A: /],
    ['a report out of the checkout', 'reports: [a/../../b]\n', 1, 11, /^reports\.0: /],
    ['an empty command', 'command: " "\n', 1, 10, /^command: /],
    ['a command that runners would not take', `command: ${'x'.repeat(9_001)}\n`, 1, 10, /^command: /],
    ['a list', '- make\n', 1, 1, /must contain settings/],
    ['a text', 'make check\n', 1, 1, /must contain settings/],
    ['what is no YAML', 'timeout: 1\nenv: {A: 1}}\n', 2, 12, /./],
    ['a key that is there twice', 'command: a\ncommand: b\n', 2, 1, /unique/],
    ['an alias bomb', `a: &a [x]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]`, 1, 1, /alias/],
  ];
  for (const [what, text, line, column, message] of wrong) {
    it(`with ${what} is invalid, with line and column`, () => {
      const read = readSettings(text);
      const [problem] = 'problems' in read ? read.problems : [];
      expect(problem).to.include({ line, column });
      expect(problem?.message).to.match(message).and.not.include('\n');
    });
  }
});
