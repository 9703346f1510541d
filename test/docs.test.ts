import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { createProgram } from '../src/cli/program.ts';
import { settings } from '../src/kernel/settings.ts';
import { faultKinds } from './chaos/schedule.ts';
import { wrongCommands } from './support/documented-commands.ts';
import { layoutProblems } from './support/layout.ts';
import { pageLinks, pageText } from './support/links.ts';
import { deadPaths, longSentences, sizeProblems } from './support/prose.ts';

const root = join(import.meta.dirname, '..');
const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
const pages = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'SECURITY.md', ...docs.map((name) => `docs/${name}`)];

/** Variables of the environment that are no settings: of jobs of `volt exec`, and of tests. */
const otherVariables = ['VOLT_EXEC', 'VOLT_TEST_DATABASE', 'VOLT_FUZZ_SEED'];

const links = (page: string): string[] => pageLinks(root, page);
const read = (page: string): string => pageText(root, page);

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documentation', () => {
  it('links every page from README.md and docs/README.md', () => {
    const told = docs.filter((name) => name !== 'README.md');
    expect(links('README.md')).to.include.members(told.map((name) => `docs/${name}`));
    expect(links('docs/README.md')).to.include.members(told);
  });

  it('lists every kind of fault of npm run chaos', () => {
    const [, section = ''] = read('docs/measurements.md').split('| kind | what happens |');
    const told = [...(section.split('\n\n')[0] ?? '').matchAll(/`(\w+(?:-\w+)+)`/g)].map(([, kind]) => kind);
    expect(told).to.have.members(Object.keys(faultKinds));
  });

  it('names every file of test/attack/ in the threat model, and no missing one', () => {
    const [, told = ''] = read('docs/threat-model.md').split('## Who may what');
    const rows = told
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(1);
    const named = rows.flatMap((row) =>
      [...(row.split('|').at(-2) ?? '').matchAll(/`([\w/-]+)`/g)].map(([, name]) => name as string),
    );
    const attacks = readdirSync(join(root, 'test/attack')).filter(
      (name) => /\.test\.ts$/.test(name) && name !== 'table.test.ts',
    );
    const there = (name: string) => existsSync(join(root, name.includes('/') ? '' : 'test/attack', `${name}.test.ts`));
    expect(named.filter((name) => !there(name))).to.deep.equal([]);
    expect(named).to.include.members(attacks.map((name) => name.replace('.test.ts', '')));
  });

  for (const page of pages) {
    it(`has no broken link in ${page}`, () => {
      for (const link of links(page)) {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : join(dirname(page), path);
        expect(existsSync(join(root, target)), `${link} is not there`).to.equal(true);
        if (anchor !== undefined) expect(anchors(target), link).to.include(anchor);
      }
    });
  }

  it('keeps README.md, ARCHITECTURE.md and CHANGELOG.md short and narrow', () => {
    expect(sizeProblems(root, 'README.md', { lines: 150, width: 120 })).to.deep.equal([]);
    expect(sizeProblems(root, 'ARCHITECTURE.md', { lines: 260, width: 120 })).to.deep.equal([]);
    expect(sizeProblems(root, 'CHANGELOG.md', { lines: 45, width: 120 })).to.deep.equal([]);
  });

  it('lists exactly the folders of src/ in ARCHITECTURE.md', () => {
    expect(layoutProblems(root)).to.deep.equal([]);
  });

  for (const page of pages) {
    it(`has no sentence of more than 40 words in ${page}`, () => {
      expect(longSentences(read(page), 40)).to.deep.equal([]);
    });

    it(`names only commands, options and settings that exist in ${page}`, () => {
      const whole = readFileSync(join(root, page), 'utf8');
      expect(wrongCommands(createProgram(), whole)).to.deep.equal([]);
      const named = (whole.match(/\bVOLT_[A-Z_]+\b/g) ?? []).map((name) => name.replace(/_FILE$/, ''));
      const known = [...otherVariables, ...settings.flatMap(({ env }) => [env, env.replace(/_FILE$/, '')])];
      expect(named.filter((name) => !known.includes(name))).to.deep.equal([]);
    });

    it(`names only existing files and folders in ${page}`, () => {
      expect(deadPaths(root, read(page))).to.deep.equal([]);
    });
  }
});
